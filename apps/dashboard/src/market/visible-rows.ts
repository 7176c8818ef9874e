/** Rows of a long list that are on the screen, and some around them. */
export interface VisibleRows {
  readonly first: number;
  /** Behind the last one. */
  readonly end: number;
}

const AROUND = 8;

/** Which rows of equal height to draw: a list of thousands stays as light as one of twenty. */
export function visibleRows(count: number, rowHeight: number, scrollTop: number, height: number): VisibleRows {
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - AROUND);
  const end = Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + AROUND);
  return { first: Math.min(first, end), end };
}
