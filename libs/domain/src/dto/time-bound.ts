import { DAY, HOUR, MILLISECOND, MINUTE, floorTo, type EpochMicros } from '../model';
import { parseTimeParameter } from './parameters';

const SPANS: Readonly<Record<string, EpochMicros>> = { m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY };

/** A time that is told by its distance from the moment of the request: `now`, `today`, `-15m`, `-24h`, `-7d`, `-4w`. */
export class RelativeTime {
  /** Moves in steps of `step`, which is how times are written out: to the millisecond, or to the day. */
  private constructor(
    private readonly text: string,
    private readonly back: EpochMicros,
    private readonly step: EpochMicros = MILLISECOND,
  ) {}

  /** Undefined for a text that is none. */
  static parse(text: string): RelativeTime | undefined {
    if (text === 'now') return new RelativeTime(text, 0);
    if (text === 'today') return new RelativeTime(text, 0, DAY);
    const [, count, unit = ''] = /^-(\d{1,7})([mhdw])$/.exec(text) ?? [];
    const length = SPANS[unit];
    if (count === undefined || length === undefined) return undefined;
    return new RelativeTime(text, Number(count) * length);
  }

  /** As it was written. */
  toString(): string {
    return this.text;
  }

  at(now: EpochMicros): EpochMicros {
    return Math.max(0, floorTo(now - this.back, this.step));
  }

  /** Since when it has lain in the bucket of time in which it lies at a moment. */
  inBucketSince(now: EpochMicros, bucket: EpochMicros): EpochMicros {
    return floorTo(now - this.back, Math.max(bucket, this.step)) + this.back;
  }
}

/** A bound of a range as a caller gives it. */
export type TimeBound = EpochMicros | RelativeTime;

/** Parses an absolute or a relative time; undefined for anything else. */
export function parseTimeBound(text: string): TimeBound | undefined {
  return RelativeTime.parse(text) ?? parseTimeParameter(text);
}

/** The time that a bound means at a moment. */
export function timeAt(bound: TimeBound, now: EpochMicros): EpochMicros {
  return bound instanceof RelativeTime ? bound.at(now) : bound;
}
