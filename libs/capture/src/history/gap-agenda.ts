import { floorTo, HOUR, MINUTE, subtractRanges, type EpochMicros, type TimeRange } from '@app/domain';

interface Asked {
  readonly range: TimeRange;
  readonly attempts: number;
  readonly nextAt: EpochMicros;
}

const FIRST_PAUSE: EpochMicros = MINUTE;
const LONGEST_PAUSE: EpochMicros = HOUR;

/** Which gaps of one symbol are to be asked for now: new ones at once, unanswered ones ever less often, up to hourly. */
export class GapAgenda {
  private asked: Asked[] = [];

  /** The parts of the missing ranges (ascending, disjoint) whose pause is over. */
  due(missing: readonly TimeRange[], now: EpochMicros): TimeRange[] {
    this.asked = this.asked.filter(({ range }) =>
      missing.some((gap) => gap.start < range.end && range.start < gap.end),
    );
    return subtractRanges(
      missing,
      this.asked.filter(({ nextAt }) => nextAt > now).map(({ range }) => range),
    );
  }

  /** Notes that a range was asked for and whatever of it is still missing rests for a while. */
  note(range: TimeRange, now: EpochMicros): void {
    const overlaps = ({ range: other }: Asked): boolean => other.start < range.end && range.start < other.end;
    const attempts = Math.max(0, ...this.asked.filter(overlaps).map((entry) => entry.attempts)) + 1;
    const pause = Math.min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE);
    const others = this.asked.flatMap((entry) =>
      overlaps(entry) ? subtractRanges([entry.range], [range]).map((rest) => ({ ...entry, range: rest })) : [entry],
    );
    this.asked = [...others, { range, attempts, nextAt: floorTo(now, MINUTE) + pause }];
  }
}
