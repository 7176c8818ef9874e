import type { RangeChange, TimeRange } from '@app/domain';

/** One range for each symbol, from its first item to behind its last, with how many items it has; in order of symbols seen. */
export function spans<Item extends { readonly symbol: string }>(
  items: readonly Item[],
  rangeOf: (item: Item) => TimeRange,
): RangeChange[] {
  const found = new Map<string, RangeChange>();
  for (const item of items) {
    const { start, end } = rangeOf(item);
    const known = found.get(item.symbol);
    found.set(item.symbol, {
      symbol: item.symbol,
      start: Math.min(start, known?.start ?? start),
      end: Math.max(end, known?.end ?? end),
      count: (known?.count ?? 0) + 1,
    });
  }
  return [...found.values()];
}
