import { intervalLength, type EpochMicros, type StoredCandle, type StoredInterval } from '@app/domain';
import { isAsKnown, versionKnownAt, type CandlePart } from '../bucket-candles';
import { rollUpJoined, type JoinedMinute, type RollUp } from '../roll-up';
import type { CandleRows, StoredRollUp } from './candle-rows';

/** Rows of one page, ascending, and where the next page begins: undefined behind the last one. */
export interface LevelPage<Row> {
  readonly rows: readonly Row[];
  readonly next: EpochMicros | undefined;
}

/** Stored candles of one symbol, as they are or as they were known at a time. */
export class CandleLevel {
  constructor(
    private readonly stored: CandleRows,
    private readonly symbol: string,
    private readonly asOf: EpochMicros | undefined,
  ) {}

  /** Open time of the first minute that is stored in a range, whenever it came to be known. */
  firstMinute(from: EpochMicros, until: EpochMicros): EpochMicros | undefined {
    return this.stored.firstMinute(this.symbol, from, until);
  }

  /** At most `size` minutes with open times from `from` on, before `until`. */
  minutes(from: EpochMicros, until: EpochMicros, size: number): LevelPage<StoredCandle> {
    const { asOf } = this;
    const found = this.stored.minutes(this.symbol, from, until, size);
    const rows = asOf === undefined ? found : found.flatMap((minute) => this.minute(minute, asOf) ?? []);
    return { rows, next: nextOf(found.length, size, found.at(-1)?.openTime) };
  }

  /** The same, as parts of larger candles. */
  minuteParts(from: EpochMicros, until: EpochMicros, size: number): LevelPage<CandlePart<JoinedMinute>> {
    const found = this.stored.joinedMinutes(this.symbol, from, until, size);
    return {
      rows: found.map((minute) => ({ openTime: minute[0], part: this.joined(minute) })),
      next: nextOf(found.length, size, found.at(-1)?.[0]),
    };
  }

  /** At most `size` hours or days, as parts of larger candles. */
  rollUpParts(
    interval: StoredInterval,
    from: EpochMicros,
    until: EpochMicros,
    size: number,
  ): LevelPage<CandlePart<RollUp>> {
    const found = this.stored.rollUps(this.symbol, interval, from, until, size);
    return {
      rows: found.map((row) => ({ openTime: row.openTime, part: this.rollUp(interval, row) })),
      next: nextOf(found.length, size, found.at(-1)?.openTime),
    };
  }

  /** The version of a minute that was current then; undefined when none had been captured. */
  private minute(minute: StoredCandle, asOf: EpochMicros): StoredCandle | undefined {
    const known = versionKnownAt(minute, asOf);
    if (known !== 'superseded') return known === 'current' ? minute : undefined;
    return this.stored.superseded(this.symbol, minute.openTime, asOf);
  }

  private joined(minute: JoinedMinute): JoinedMinute | undefined {
    const { asOf } = this;
    if (asOf === undefined) return minute;
    const [openTime, , capturedAt, revision] = minute;
    const known = versionKnownAt({ capturedAt, revision }, asOf);
    if (known !== 'superseded') return known === 'current' ? minute : undefined;
    return this.stored.joinedSuperseded(this.symbol, openTime, asOf);
  }

  /** An hour or day as it was known: made anew of minutes where any of it has been captured since. */
  private rollUp(interval: StoredInterval, { openTime, rollUp }: StoredRollUp): RollUp | undefined {
    const { asOf } = this;
    if (asOf === undefined || isAsKnown(rollUp, asOf)) return rollUp;
    const until = Math.min(openTime + intervalLength(interval), asOf + 1);
    const minutes = this.stored.joinedKnown(this.symbol, openTime, until, asOf);
    return rollUpJoined(minutes.map((minute) => this.joined(minute)).filter((minute) => minute !== undefined));
  }
}

function nextOf(found: number, size: number, last: EpochMicros | undefined): EpochMicros | undefined {
  return last !== undefined && found === size ? last + 1 : undefined;
}
