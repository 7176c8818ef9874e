import { DAY, type CandleInterval, type EpochMicros } from '@app/domain';
import type { JoinedMinute } from '../roll-up';
import { STAMP_BITS, type CandleRows, type DayStamp, type StoredRollUp } from './candle-rows';

/** Most candles that are remembered, of all symbols: about 7 MB, 15-minute candles of a hundred days. */
const MOST_CANDLES = 10_000;
/** Most days that one question, whether they are as they were, goes through. */
const MOST_DAYS = 10;

interface RolledDay {
  readonly stamp: DayStamp;
  readonly candles: readonly StoredRollUp[];
}

/** The stamp of a day of which these are all minutes. */
function stampOfMinutes(minutes: readonly JoinedMinute[]): DayStamp {
  let [revisions, stamps] = [0, 0];
  for (const [, , capturedAt, revision] of minutes) {
    revisions += revision;
    // Without the bitwise operators, which take 32 bits with a sign.
    stamps += capturedAt % 2 ** STAMP_BITS;
  }
  return [minutes.length, revisions, stamps];
}

const isSame = (a: DayStamp, b: DayStamp | undefined): boolean => a.every((value, index) => value === b?.[index]);

/**
 * Candles of whole days that were made of minutes, by symbol, interval and date, the ones asked for last. Making them
 * anew costs the reading of every number of every minute; what is remembered is used only where the minutes of that day are
 * seen to be the same, which costs a fifth of it.
 */
export class RolledDays {
  private readonly days = new Map<string, RolledDay>();
  private size = 0;

  constructor(private readonly rows: CandleRows) {}

  /**
   * Candles of the whole days from `start` (the start of a day) on, before `end`, as far as they are remembered and still
   * so; none where the first day is not. At most ten days.
   */
  from(symbol: string, interval: CandleInterval, start: EpochMicros, end: EpochMicros): (readonly StoredRollUp[])[] {
    const known: RolledDay[] = [];
    for (let day = start; day + DAY <= end && known.length < MOST_DAYS; day += DAY) {
      const rolled = this.days.get(keyOf(symbol, interval, day));
      if (!rolled) break;
      known.push(rolled);
    }
    if (known.length === 0) return [];
    const changed = known.findIndex(
      ({ stamp }, index) => !isSame(stamp, this.rows.stampOf(symbol, start + index * DAY)),
    );
    const same = changed < 0 ? known : known.slice(0, changed);
    for (let index = 0; index < known.length; index += 1) {
      const key = keyOf(symbol, interval, start + index * DAY);
      this.forget(key);
      const day = same[index];
      if (day) this.keep(key, day);
    }
    return same.map(({ candles }) => candles);
  }

  /** Remembers a day's candles, made of all minutes that it has. */
  remember(
    symbol: string,
    interval: CandleInterval,
    day: EpochMicros,
    minutes: readonly JoinedMinute[],
    candles: readonly StoredRollUp[],
  ): void {
    const key = keyOf(symbol, interval, day);
    this.forget(key);
    this.keep(key, { stamp: stampOfMinutes(minutes), candles });
    for (const oldest of this.days.keys()) {
      if (this.size <= MOST_CANDLES) break;
      this.forget(oldest);
    }
  }

  private keep(key: string, day: RolledDay): void {
    this.days.set(key, day);
    this.size += day.candles.length;
  }

  private forget(key: string): void {
    this.size -= this.days.get(key)?.candles.length ?? 0;
    this.days.delete(key);
  }
}

const keyOf = (symbol: string, interval: CandleInterval, day: EpochMicros): string => `${interval} ${day} ${symbol}`;
