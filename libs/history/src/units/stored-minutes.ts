import type { EpochMicros, MinuteCandle, TimeRange } from '@app/domain';
import { CANDLES_1M, captureOf } from '../kinds/candle-tables';
import { ask, inRanges, type Inquiry } from '../rows/unit';
import { MINUTE_TRADES } from './ledger-tables';

/** Finds the minutes of a symbol that open in a range, as they stand; ascending. */
export function* storedMinutes(symbol: string, { start, end }: TimeRange): Inquiry<readonly MinuteCandle[]> {
  const [[rows = []]] = yield* ask(inRanges(CANDLES_1M, [{ prefix: [symbol], from: start, until: end }]));
  return rows.map(captureOf);
}

/** Finds when the newest minute of a symbol opened; undefined where none is stored. */
export function* lastMinuteOf(symbol: string): Inquiry<EpochMicros | undefined> {
  const [[rows = []]] = yield* ask(inRanges(MINUTE_TRADES, [{ prefix: [symbol], only: 'last' }]));
  return rows[0]?.openTime;
}
