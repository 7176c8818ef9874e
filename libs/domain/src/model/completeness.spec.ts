import { accountOf, accountOfMinute, completenessOf } from './completeness';
import { DAY, HOUR, MILLISECOND, MINUTE, SECOND, type EpochMicros, type TimeRange } from './time';

const OPEN = Date.UTC(2026, 9, 30, 12) * MILLISECOND;
const HOUR_BUCKET: TimeRange = { start: OPEN, end: OPEN + HOUR };
const NEXT_DAY = OPEN + DAY;

const range = (from: number, to: number): TimeRange => ({ start: OPEN + from * MINUTE, end: OPEN + to * MINUTE });

interface Known {
  readonly bucket?: TimeRange;
  readonly minutes?: number;
  /** Minutes after the open at which the last one that is stored opens. */
  readonly last?: number;
  readonly stopped?: readonly TimeRange[];
  readonly firstMinute?: EpochMicros | undefined;
  readonly now?: EpochMicros;
}

function completeness({
  bucket = HOUR_BUCKET,
  minutes = 60,
  last = 59,
  stopped = [],
  firstMinute,
  now = NEXT_DAY,
}: Known): [boolean, number] {
  const held = { minutes, lastMinute: OPEN + last * MINUTE };
  const { isFinal, missingMinutes } = completenessOf(bucket.end, accountOf(bucket, held, stopped, firstMinute), now);
  return [isFinal, missingMinutes];
}

describe('completenessOf', () => {
  it('should call a bucket final when its time is over and each of its minutes is stored', () => {
    expect(completeness({})).toEqual([true, 0]);
    expect(completeness({ now: OPEN + HOUR })).toEqual([true, 0]);
  });

  it('should count every minute of a bucket that is over and has a hole, a begin or an end without data', () => {
    expect(completeness({ minutes: 59 })).toEqual([false, 1]);
    expect(completeness({ minutes: 5, last: 4 })).toEqual([false, 55]);
    expect(completeness({ minutes: 5, last: 59 })).toEqual([false, 55]);
    expect(completeness({ bucket: { start: OPEN - 11 * HOUR, end: OPEN + 13 * HOUR } })).toEqual([false, 23 * 60]);
  });

  it('should wait for the minutes that have closed, and for no others, while a bucket is open', () => {
    expect(completeness({ minutes: 10, last: 9, now: OPEN + 10 * MINUTE })).toEqual([false, 0]);
    expect(completeness({ minutes: 10, last: 9, now: OPEN + 11 * MINUTE - 1 })).toEqual([false, 0]);
    expect(completeness({ minutes: 10, last: 9, now: OPEN + 11 * MINUTE })).toEqual([false, 1]);
    expect(completeness({ minutes: 9, last: 9, now: OPEN + 10 * MINUTE })).toEqual([false, 1]);
  });

  it('should take a stored minute for closed, whatever a clock that lags behind says', () => {
    expect(completeness({ minutes: 10, last: 9, now: OPEN + 9 * MINUTE + 59 * SECOND })).toEqual([false, 0]);
    expect(completeness({ minutes: 9, last: 9, now: OPEN + 9 * MINUTE + 59 * SECOND })).toEqual([false, 1]);
    expect(completeness({ now: OPEN + HOUR - 1 })).toEqual([false, 0]);
  });

  it('should accept minutes that were noted as stopped for accounted, at any place of the bucket', () => {
    expect(completeness({ minutes: 50, stopped: [range(20, 30)] })).toEqual([true, 0]);
    expect(completeness({ minutes: 50, stopped: [range(-5, 5), range(55, 65)] })).toEqual([true, 0]);
    expect(completeness({ minutes: 50, stopped: [range(20, 29)] })).toEqual([false, 1]);
    expect(completeness({ minutes: 40, last: 39, stopped: [range(40, 50)], now: OPEN + 50 * MINUTE })).toEqual([
      false,
      0,
    ]);
  });

  it('should wait for nothing before the first minute that the exchange has of a symbol', () => {
    expect(completeness({ minutes: 40, firstMinute: OPEN + 20 * MINUTE })).toEqual([true, 0]);
    expect(completeness({ minutes: 40, firstMinute: OPEN + 20 * MINUTE + 13 * SECOND })).toEqual([true, 0]);
    expect(completeness({ minutes: 40, firstMinute: OPEN + 19 * MINUTE })).toEqual([false, 1]);
    expect(completeness({ minutes: 40, firstMinute: undefined })).toEqual([false, 20]);
    expect(completeness({ minutes: 59, firstMinute: OPEN - DAY })).toEqual([false, 1]);
    // A stop that reaches back over it accounts for nothing before it.
    const firstMinute = OPEN + 20 * MINUTE;
    expect(completeness({ minutes: 30, stopped: [range(0, 30)], firstMinute })).toEqual([true, 0]);
    expect(completeness({ minutes: 29, stopped: [range(0, 30)], firstMinute })).toEqual([false, 1]);
  });

  it('should find nothing missing of a stored minute, also of one that opens off the full minute', () => {
    for (const openTime of [OPEN, OPEN + 13 * SECOND]) {
      const account = accountOfMinute(openTime);
      expect(completenessOf(OPEN + MINUTE, account, NEXT_DAY)).toEqual({ isFinal: true, missingMinutes: 0 });
    }
  });
});
