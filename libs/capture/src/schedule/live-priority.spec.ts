import { getEventListeners } from 'node:events';
import { LivePriority } from './live-priority';

/** Live work that runs until it is told to end. */
function liveWork(live: LivePriority): { readonly end: () => void; readonly ended: Promise<void> } {
  let end = (): void => undefined;
  const ended = live.run(() => new Promise<void>((resolve) => (end = resolve)));
  return { end, ended };
}

describe('LivePriority', () => {
  it('should leave no listener on the signal, however often a backfill of 50 symbols waits', async () => {
    const live = new LivePriority();
    const { signal } = new AbortController();
    for (let wait = 0; wait < 50; wait += 1) {
      const work = liveWork(live);
      const idle = live.whenIdle(signal);
      expect(getEventListeners(signal, 'abort')).toHaveLength(1);
      work.end();
      await Promise.all([work.ended, idle]);
    }
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('should end every wait when the signal aborts, and leave no listener', async () => {
    const live = new LivePriority();
    const controller = new AbortController();
    const work = liveWork(live);
    const waits = [live.whenIdle(controller.signal), live.whenIdle(controller.signal)];
    controller.abort();
    await Promise.all(waits);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    work.end();
    await work.ended;
  });

  it('should wait again when live work has begun anew before the wait went on', async () => {
    const live = new LivePriority();
    const { signal } = new AbortController();
    const first = liveWork(live);
    let idle = false;
    const wait = live.whenIdle(signal).then(() => (idle = true));
    first.end();
    const second = liveWork(live);
    await first.ended;
    await new Promise(setImmediate);
    expect(idle).toBe(false);
    second.end();
    await Promise.all([second.ended, wait]);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});
