import type { EpochMicros, ReplayDifference } from '@app/domain';
import type { CheckedEvent } from './checked-event';

/** The row that an event makes, as `RowVersions` reads it. */
export interface RowContent {
  readonly table: ReplayDifference['table'];
  readonly symbol: string;
  readonly time: EpochMicros;
  readonly capturedAt: EpochMicros;
  readonly source: string;
  readonly content: string;
}

export function rowContentOf(checked: CheckedEvent): RowContent {
  if (checked.kind === 'price') {
    const { symbol, timestamp, source, lastPrice, priceChangePercent, volume } = checked.event;
    const content = [lastPrice, priceChangePercent, volume].join(' ');
    return { table: 'price_events', symbol, time: timestamp, capturedAt: timestamp, source, content };
  }
  const { symbol, openTime, closeTime, capturedAt, source, ...rest } = checked.event;
  const { open, high, low, close, volume, quoteVolume, tradeCount, takerBuyVolume, takerBuyQuoteVolume } = rest;
  const numbers = [open, high, low, close, volume, quoteVolume, tradeCount, takerBuyVolume, takerBuyQuoteVolume];
  const content = [closeTime, ...numbers].join(' ');
  return { table: 'candles_1m', symbol, time: openTime, capturedAt, source, content };
}
