import { createLogger } from '@app/observability';
import { ConsumerStatus } from './consumer-status';

describe('ConsumerStatus', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  const create = (): ConsumerStatus => new ConsumerStatus('group', createLogger('silent', 'test'));

  it('should be ready while it runs and the store takes what comes', () => {
    const status = create();
    expect(status.problem()).toBe('starting');
    status.joined([{ topic: 'prices', partition: 3 }]);
    expect(status.problem()).toBe('');
    status.failed(new Error('database is locked'));
    expect(status.problem()).toBe('the store takes nothing: database is locked');
    status.recovered();
    expect(status.problem()).toBe('');
    status.enter('broker_away', 'connect ECONNREFUSED');
    expect(status.problem()).toBe('broker_away: connect ECONNREFUSED');
  });

  it('should say after seconds that the broker answers nothing, in every state in which it is asked', () => {
    const status = create();
    jest.advanceTimersByTime(6_900);
    expect(status.problem()).toBe('starting');
    jest.advanceTimersByTime(1_100);
    expect(status.problem()).toBe('starting; the broker has not answered for 8 s');
    expect(status.snapshot().broker_silent_seconds).toBe(8);
    status.answered();
    status.joined([]);
    expect(status.problem()).toBe('');
    jest.advanceTimersByTime(7_000);
    expect(status.problem()).toBe('the broker has not answered for 7 s');
    status.enter('broker_away', 'timed out');
    jest.advanceTimersByTime(13_000);
    expect(status.problem()).toBe('broker_away: timed out; the broker has not answered for 20 s');
    // A topic that is refused is not asked for but every ten seconds.
    status.enter('refused');
    expect(status.problem()).toBe('');
    expect(status.snapshot().broker_silent_seconds).toBe(0);
  });

  it('should say of each partition that is held why, until it goes on or is not its own any more', () => {
    const status = create();
    const [first, second] = [
      { topic: 'prices', partition: 0 },
      { topic: 'prices', partition: 1 },
    ];
    status.joined([first, second]);
    status.hold(first, 'another origin');
    // The others go on meanwhile.
    status.recovered();
    expect(status.problem()).toBe('prices/0 is held: another origin');
    status.hold(second, 'another one');
    expect(status.problem()).toBe('prices/0 is held: another origin; prices/1 is held: another one');
    expect(status.snapshot().held).toEqual([
      { ...first, reason: 'another origin' },
      { ...second, reason: 'another one' },
    ]);
    status.release(first);
    status.joined([first]);
    expect(status.problem()).toBe('');
    expect(status.snapshot().held).toEqual([]);
  });

  it('should be dead after 45 seconds without a sign of life, unless it was stopped', () => {
    const status = create();
    status.joined([]);
    jest.advanceTimersByTime(44_000);
    expect(status.deadReason()).toBe('');
    status.alive();
    jest.advanceTimersByTime(46_000);
    expect(status.deadReason()).toBe('the consumer has shown no sign of life for 46 s');
    status.enter('stopped');
    jest.advanceTimersByTime(60_000);
    expect(status.deadReason()).toBe('');
  });

  it('should live on while the store is away for long', () => {
    const status = create();
    status.joined([]);
    for (let minute = 0; minute < 10; minute += 1) {
      jest.advanceTimersByTime(30_000);
      status.failed(new Error('disk full'));
      expect(status.deadReason()).toBe('');
    }
  });

  it('should sum up the lag of its partitions', () => {
    const status = create();
    const [first, second] = [
      { topic: 'prices', partition: 0 },
      { topic: 'prices', partition: 1 },
    ];
    status.joined([first, second]);
    status.lagging(first, 7);
    expect(status.snapshot()).toMatchObject({ lag: 7, rebalances: 0, last_commit_at: null });
    expect(status.snapshot().partitions).toEqual([
      { ...first, lag: 7 },
      { ...second, lag: null },
    ]);
    // A look at the broker that was under way when the partitions changed hands.
    status.lagging({ topic: 'prices', partition: 5 }, 100);
    expect(status.snapshot().lag).toBe(7);
  });

  it('should count what it took, what failed, and how often the group shared out its partitions anew', () => {
    const status = create();
    for (let join = 0; join < 3; join += 1) status.joined([]);
    status.retried();
    status.failed(new Error('disk full'));
    status.took({ taken: 5, repeats: 2, revisions: 1 });
    status.took({ taken: 1, repeats: 1, revisions: 0 });
    status.deadLettered();
    expect(status.snapshot()).toMatchObject({
      rebalances: 2,
      retries: 2,
      taken: 6,
      repeats: 3,
      revisions: 1,
      dead_letters: 1,
    });
  });

  it('should take no look at the lag for a sign of life', () => {
    const status = create();
    status.joined([{ topic: 'prices', partition: 0 }]);
    for (let second = 0; second < 50; second += 5) {
      jest.advanceTimersByTime(5_000);
      status.lagging({ topic: 'prices', partition: 0 }, 9);
    }
    expect(status.deadReason()).not.toBe('');
  });
});
