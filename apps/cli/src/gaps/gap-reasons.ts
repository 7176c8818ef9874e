import { subtractRanges, type SymbolCoverage, type TimeRange, type UnfilledRange } from '@app/domain';

const NOT_ASKED = 'not asked for yet';

/** Minutes that are missing, for one reason. */
export interface Gap extends TimeRange {
  readonly symbol: string;
  readonly reason: string;
}

/** Cuts a missing range where the reasons change; where none is known, nobody has asked yet. */
export function explain({ symbol, start, end }: SymbolCoverage, notes: readonly UnfilledRange[]): Gap[] {
  const known = notes
    .map((note) => ({ start: Math.max(start, note.start), end: Math.min(end, note.end), reason: note.reason }))
    .filter((note) => note.start < note.end);
  const rest = subtractRanges([{ start, end }], known).map((range) => ({ ...range, reason: NOT_ASKED }));
  return [...known, ...rest].sort((a, b) => a.start - b.start).map((gap) => ({ symbol, ...gap }));
}
