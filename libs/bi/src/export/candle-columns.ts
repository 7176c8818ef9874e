import {
  candleCompleteness,
  isClosedAt,
  type CandleInterval,
  type CandleItem,
  type EpochMicros,
  type FileColumn,
  type StoredCandle,
} from '@app/domain';

/** Fraction digits of decimals: as many as the exchange has. */
const DECIMAL = { kind: 'decimal', scale: 8 } as const;
const TIME = { kind: 'timestamp' } as const;
const TEXT = { kind: 'string' } as const;
const COUNT = { kind: 'integer' } as const;
const FLAG = { kind: 'boolean' } as const;

/** A column with the name that its cells have in the items of `/candles`. */
export interface CandleColumn extends FileColumn<StoredCandle> {
  readonly name: keyof CandleItem;
}

/** The columns of `/candles`, in its order, as typed columns of a file, for candles of one interval at a market time. */
export function candleColumns(interval: CandleInterval, now: EpochMicros): CandleColumn[] {
  const column = (
    name: CandleColumn['name'],
    type: CandleColumn['type'],
    cell: CandleColumn['cell'],
  ): CandleColumn => ({ name, type, nullable: false, cell });
  return [
    column('symbol', TEXT, ({ symbol }) => symbol),
    column('interval', TEXT, () => interval),
    column('open_time', TIME, ({ openTime }) => openTime),
    column('close_time', TIME, ({ closeTime }) => closeTime),
    column('open', DECIMAL, ({ open }) => open),
    column('high', DECIMAL, ({ high }) => high),
    column('low', DECIMAL, ({ low }) => low),
    column('close', DECIMAL, ({ close }) => close),
    column('volume', DECIMAL, ({ volume }) => volume),
    column('quote_volume', DECIMAL, ({ quoteVolume }) => quoteVolume),
    column('trade_count', COUNT, ({ tradeCount }) => tradeCount),
    column('taker_buy_volume', DECIMAL, ({ takerBuyVolume }) => takerBuyVolume),
    column('taker_buy_quote_volume', DECIMAL, ({ takerBuyQuoteVolume }) => takerBuyQuoteVolume),
    column('is_closed', FLAG, (candle) => isClosedAt(candle, interval, now)),
    column('source', TEXT, ({ source }) => source),
    column('captured_at', TIME, ({ capturedAt }) => capturedAt),
    column('revision', COUNT, ({ revision }) => revision),
    column('is_final', FLAG, (candle) => candleCompleteness(candle, interval, now).isFinal),
    column('missing_minutes', COUNT, (candle) => candleCompleteness(candle, interval, now).missingMinutes),
  ];
}
