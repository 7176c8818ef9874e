import { MINUTE, SECOND, serializeCandle, serializePriceEvent, type EpochMicros } from '@app/domain';

/** 15 January 2026, 00:00 UTC. */
export const TEST_DAY: EpochMicros = Date.UTC(2026, 0, 15) * 1_000;

/** A valid price event; the number makes its time (seconds from 23:59 of the day before) and its price. */
export function priceLine(number: number, symbol = 'BTCUSDT'): string {
  return serializePriceEvent({
    timestamp: TEST_DAY - MINUTE + number * SECOND + 123_456,
    symbol,
    lastPrice: `${60_000 + (number % 977)}.20`,
    priceChangePercent: number % 2 === 0 ? '1.870' : '-0.250',
    volume: '24567.12300000',
    source: 'binance_api_v3_ticker_24hr',
  });
}

/** A valid closed minute; the number counts minutes from 23:00 of the day before. */
export function candleLine(
  number: number,
  symbol = 'BTCUSDT',
  { close = '101.50', capturedAfter = 5 * SECOND } = {},
): string {
  const openTime = TEST_DAY - 60 * MINUTE + number * MINUTE;
  const quiet = number % 7 === 3;
  return serializeCandle({
    symbol,
    openTime,
    closeTime: openTime + MINUTE - 1_000,
    open: quiet ? close : '100.00',
    high: quiet ? close : '102.00',
    low: quiet ? close : '99.00',
    close,
    volume: quiet ? '0.00000000' : '12.50000000',
    quoteVolume: quiet ? '0.00000000' : '1258.33000000',
    tradeCount: quiet ? 0 : 17,
    takerBuyVolume: quiet ? '0.00000000' : '6.25000000',
    takerBuyQuoteVolume: quiet ? '0.00000000' : '629.16500000',
    source: 'binance_api_v3_klines',
    capturedAt: openTime + MINUTE + capturedAfter,
  });
}
