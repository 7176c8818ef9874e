import type { TimeRange } from '@app/domain';
import type { KeyRange } from '../rows/unit';

/**
 * Where to ask for disjoint ranges that overlap one, in a table by symbol and start: the last that begins by its start,
 * which may have ended before, and those that begin in it.
 */
export function overlapping(symbol: string, { start, end }: TimeRange): readonly [before: KeyRange, within: KeyRange] {
  return [
    { prefix: [symbol], until: start + 1, only: 'last' },
    { prefix: [symbol], from: start + 1, until: end },
  ];
}
