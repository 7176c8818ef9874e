import { sameCandleNumbers, type DayOfMinutes, type ImportCounts, type MinuteCandle } from '@app/domain';
import { CANDLES_1M, type MinuteRow } from '../kinds/candle-tables';
import { ask, byKeys, inRanges, type Unit } from '../rows/unit';
import { firstRevisionsOf } from './first-revisions';
import { DAY_ENDS, minuteUnit, type CandleOutcome, type MinutesOutcome } from './minute-unit';

export interface DayOutcome extends MinutesOutcome {
  readonly counts: ImportCounts;
  /** Whether nothing of the day was there before. */
  readonly isFilled: boolean;
}

/**
 * Accepts a whole UTC day of one symbol. Of a day of which nothing is stored all minutes are new. Where something is
 * stored, only those that are new or differ go on, as if they had come one by one; numbers that only repeat what is stored
 * leave no trace.
 */
export function* dayUnit(
  symbol: string,
  { range, candles }: Pick<DayOfMinutes, 'range' | 'candles'>,
): Unit<DayOutcome> {
  if (candles.length === 0) {
    const counts = { taken: 0, repeats: 0, revisions: 0 };
    return { outcome: { counts, isFilled: false, promoted: [], changed: [], bySymbol: [] }, changes: [] };
  }
  const [[stored = []], [end]] = yield* ask(
    inRanges(CANDLES_1M, [{ prefix: [symbol], from: range.start, until: range.end }]),
    byKeys(DAY_ENDS, [[symbol, range.start]]),
  );
  // A day whose minutes were removed after their time of retention still has its roll-up.
  if (stored.length === 0 && !end) return yield* fillUnit(symbol, candles);
  const known = new Map(stored.map((row) => [row.openTime, row]));
  const others = candles.filter((candle) => {
    const row = known.get(candle.openTime);
    return row === undefined || !sameCandleNumbers(candle, row);
  });
  const { outcome, changes } = yield* minuteUnit(others);
  const { outcomes, promoted, changed, bySymbol } = outcome;
  const count = (wanted: CandleOutcome): number => outcomes.filter((one) => one === wanted).length;
  const counts = {
    taken: count('taken'),
    repeats: candles.length - others.length + count('repeat'),
    revisions: count('revision'),
  };
  return { outcome: { counts, isFilled: false, promoted, changed, bySymbol }, changes };
}

function* fillUnit(symbol: string, candles: readonly MinuteCandle[]): Unit<DayOutcome> {
  const firsts = yield* firstRevisionsOf(candles);
  const added = candles.map((candle, index): MinuteRow => ({ ...candle, revision: firsts[index] ?? 1 }));
  return {
    outcome: {
      counts: { taken: candles.length, repeats: 0, revisions: 0 },
      isFilled: true,
      promoted: [],
      changed: added.map(({ openTime, revision }) => ({ symbol, openTime, revision })),
      bySymbol: [
        {
          symbol,
          added,
          revised: [],
          changed: added.map(({ openTime, tradeCount, capturedAt }) => ({
            openTime,
            tradeCount,
            firstCapturedAt: capturedAt,
            isNew: true,
          })),
        },
      ],
    },
    changes: [{ kind: 'add', table: CANDLES_1M, rows: added }],
  };
}
