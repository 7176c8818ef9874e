/** Where a key leads in a list of rows; undefined for a key that does not move. */
export function rowAfterKey(key: string, place: number, count: number, page: number): number | undefined {
  const target = {
    ArrowDown: place + 1,
    ArrowUp: place - 1,
    PageDown: place + page,
    PageUp: place - page,
    Home: 0,
    End: count - 1,
  }[key];
  return target === undefined ? undefined : Math.max(0, Math.min(target, count - 1));
}
