import { floorTo, LONGEST_PAUSE, MINUTE, subtractRanges, type EpochMicros, type TimeRange } from '@app/domain';

interface Asked {
  readonly range: TimeRange;
  readonly attempts: number;
  readonly nextAt: EpochMicros;
}

const FIRST_PAUSE: EpochMicros = MINUTE;

/** Which gaps of one symbol are to be asked for now: new ones at once, unanswered ones ever less often, at least every ten minutes. */
export class GapAgenda {
  private asked: Asked[] = [];

  /** The parts of the missing ranges (ascending, disjoint) whose pause is over. */
  due(missing: readonly TimeRange[], now: EpochMicros): TimeRange[] {
    this.asked = this.asked.filter(({ range }) =>
      missing.some((gap) => gap.start < range.end && range.start < gap.end),
    );
    return subtractRanges(
      missing,
      // A time further away than any pause comes from a clock that was set back since.
      this.asked.filter(({ nextAt }) => nextAt > now && nextAt <= now + LONGEST_PAUSE).map(({ range }) => range),
    );
  }

  /** Notes that a range was asked for: whatever of it is still missing rests until the time that is returned. */
  note(range: TimeRange, now: EpochMicros): EpochMicros {
    const overlaps = ({ range: other }: Asked): boolean => other.start < range.end && range.start < other.end;
    const attempts = Math.max(0, ...this.asked.filter(overlaps).map((entry) => entry.attempts)) + 1;
    const pause = Math.min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE);
    const others = this.asked.flatMap((entry) =>
      overlaps(entry) ? subtractRanges([entry.range], [range]).map((rest) => ({ ...entry, range: rest })) : [entry],
    );
    const nextAt = floorTo(now, MINUTE) + pause;
    this.asked = [...others, { range, attempts, nextAt }];
    return nextAt;
  }
}
