import {
  floorTo,
  LONGEST_PAUSE,
  MINUTE,
  subtractRanges,
  type Clock,
  type EpochMicros,
  type TimeRange,
} from '@app/domain';

interface Asked {
  readonly range: TimeRange;
  readonly attempts: number;
  /** On the monotonic counter: a clock that is set neither prolongs nor ends a pause. */
  readonly restsUntil: EpochMicros;
}

const FIRST_PAUSE: EpochMicros = MINUTE;

/** Which gaps of one symbol are to be asked for now: new ones at once, unanswered ones ever less often, at least every ten minutes. */
export class GapAgenda {
  private asked: Asked[] = [];

  constructor(private readonly clock: Clock) {}

  /** The parts of the missing ranges (ascending, disjoint) whose pause is over. */
  due(missing: readonly TimeRange[]): TimeRange[] {
    const counter = this.clock.monotonicNow();
    this.asked = this.asked.filter(({ range }) =>
      missing.some((gap) => gap.start < range.end && range.start < gap.end),
    );
    return subtractRanges(
      missing,
      this.asked.filter(({ restsUntil }) => restsUntil > counter).map(({ range }) => range),
    );
  }

  /** Notes that a range was asked for: whatever of it is still missing rests until the market time that is returned. */
  note(range: TimeRange): EpochMicros {
    const overlaps = ({ range: other }: Asked): boolean => other.start < range.end && range.start < other.end;
    const attempts = Math.max(0, ...this.asked.filter(overlaps).map((entry) => entry.attempts)) + 1;
    const pause = Math.min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE);
    const others = this.asked.flatMap((entry) =>
      overlaps(entry) ? subtractRanges([entry.range], [range]).map((rest) => ({ ...entry, range: rest })) : [entry],
    );
    const now = this.clock.now();
    const nextAt = floorTo(now, MINUTE) + pause;
    this.asked = [...others, { range, attempts, restsUntil: this.clock.monotonicNow() + (nextAt - now) }];
    return nextAt;
  }
}
