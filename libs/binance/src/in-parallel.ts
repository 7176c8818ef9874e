/**
 * Runs the tasks, a few at a time, and returns their results in order. After the first failure no further task is
 * begun, those under way are waited for, and that failure is thrown.
 */
export async function inParallel<T>(tasks: readonly (() => Promise<T>)[], concurrency: number): Promise<T[]> {
  const results = new Map<number, T>();
  const failures: unknown[] = [];
  const queue = tasks.entries();
  const worker = async (): Promise<void> => {
    for (const [index, task] of queue) {
      if (failures.length > 0) return;
      try {
        results.set(index, await task());
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, tasks.length) }, worker));
  if (failures.length > 0) throw failures[0];
  return tasks.map((_, index) => results.get(index) as T);
}
