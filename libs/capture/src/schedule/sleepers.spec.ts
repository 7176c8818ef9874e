import { getEventListeners } from 'node:events';
import { Sleepers } from './sleepers';

describe('Sleepers', () => {
  it('should leave no listener on the signal, however often somebody sleeps', async () => {
    const sleepers = new Sleepers();
    const { signal } = new AbortController();
    for (let sleep = 0; sleep < 50; sleep += 1) {
      const sleeping = sleepers.sleep(signal);
      expect(getEventListeners(signal, 'abort')).toHaveLength(1);
      sleepers.wake();
      await sleeping;
    }
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('should end every sleep when the signal aborts, and leave no listener', async () => {
    const sleepers = new Sleepers();
    const controller = new AbortController();
    const sleeps = [sleepers.sleep(controller.signal), sleepers.sleep(controller.signal)];
    controller.abort();
    await Promise.all(sleeps);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });
});
