import { getEventListeners } from 'node:events';
import { PatienceError, withPatience } from './patience';

describe('withPatience', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('should give the outcome of the work, good or bad, and leave neither timer nor listener', async () => {
    const { signal } = new AbortController();
    const patience = { what: 'the store', millis: 1_000, hurry: { signal, millis: 10 } };
    await expect(withPatience(Promise.resolve(7), patience)).resolves.toBe(7);
    await expect(withPatience(Promise.reject(new Error('away')), patience)).rejects.toThrow('away');
    await Promise.resolve();
    expect(jest.getTimerCount()).toBe(0);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('should end when the work takes too long, and leave neither timer nor listener', async () => {
    const { signal } = new AbortController();
    const waiting = withPatience(new Promise(() => undefined), {
      what: 'the store',
      millis: 1_000,
      hurry: { signal, millis: 10 },
    });
    jest.advanceTimersByTime(1_000);
    await expect(waiting).rejects.toThrow(new PatienceError('the store', 1_000));
    expect(jest.getTimerCount()).toBe(0);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it.each(['before', 'while'])('should hurry when told to %s it waits', async (moment) => {
    const hurry = new AbortController();
    if (moment === 'before') hurry.abort();
    const waiting = withPatience(new Promise(() => undefined), {
      what: 'the store',
      millis: 1_000,
      hurry: { signal: hurry.signal, millis: 10 },
    });
    hurry.abort();
    jest.advanceTimersByTime(10);
    await expect(waiting).rejects.toThrow(PatienceError);
    expect(jest.getTimerCount()).toBe(0);
  });
});
