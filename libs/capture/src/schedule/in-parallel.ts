/** Works through the items in order, at most `width` at a time; stops handing out items when `work` says `stop`. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<'go on' | 'stop'>,
): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      if ((await work(item)) === 'stop') queue.length = 0;
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
}
