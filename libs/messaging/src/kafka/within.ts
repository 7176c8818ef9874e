import { setTimeout as delay } from 'node:timers/promises';

/** Whether the work settled, either way, within so many real milliseconds; what it does afterwards is nobody's concern. */
export async function settledWithin(millis: number, work: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController();
  const settled = work.then(
    () => true,
    () => true,
  );
  const timeout = delay(millis, false, { signal: timer.signal, ref: false }).catch(() => false);
  const result = await Promise.race([settled, timeout]);
  timer.abort();
  return result;
}
