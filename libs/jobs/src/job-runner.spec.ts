import { SchedulerRegistry } from '@nestjs/schedule';
import { DAY, HOUR, MINUTE, SECOND, StoreNotReadyError, type EpochMicros } from '@app/domain';
import { createLogger, MetricsRegistry } from '@app/observability';
import { TimerClock } from '@app/testing';
import type { BackgroundJob, JobResult, JobTimes, JobWork } from './background-job';
import { JobMetrics } from './job-metrics';
import { JobRunner } from './job-runner';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;

type Instants = Extract<JobTimes, { kind: 'instants' }>;

describe('JobRunner', () => {
  let registry: SchedulerRegistry;
  let metrics: MetricsRegistry;
  let clock: TimerClock;
  let runner: JobRunner;
  let logged: string[];
  let runs: EpochMicros[];

  function create(start: EpochMicros, factor = 1): void {
    registry = new SchedulerRegistry();
    metrics = new MetricsRegistry();
    clock = new TimerClock(start, factor);
    logged = [];
    const logger = createLogger('warn', 'test', {
      write: (line: string) => logged.push((JSON.parse(line) as { msg: string }).msg),
    });
    runner = new JobRunner(registry, clock, new JobMetrics(metrics), logger);
    runs = [];
  }

  function add(when: JobTimes | null, run: JobWork, job: Partial<BackgroundJob> = {}) {
    return runner.add({ name: 'test', scope: 'capture', when, hangsAfterMs: 60_000, endsAtOnce: false, run, ...job });
  }

  function start(times: Partial<Instants>, work: () => Promise<void> = () => Promise.resolve()): void {
    const when: Instants = { kind: 'instants', interval: MINUTE, offset: 0, atStart: false, ...times };
    add(when, async () => {
      runs.push(clock.now() - NOON);
      await work();
      return 'ok';
    }).start();
  }

  function pause(millis: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, millis));
  }

  async function skipped(): Promise<number> {
    const { values } = await metrics.getSingleMetric('csp_schedule_skipped_total')!.get();
    return values.find(({ labels }) => labels['task'] === 'test')?.value ?? 0;
  }

  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(async () => {
    const stopped = runner.onModuleDestroy();
    await jest.advanceTimersByTimeAsync(10_000);
    await stopped;
    jest.useRealTimers();
  });

  it('runs at multiples of the interval plus the offset, visible by name', async () => {
    create(NOON + 10 * SECOND);
    start({ offset: 5 * SECOND });
    expect(registry.getTimeouts()).toEqual(['test']);
    await jest.advanceTimersByTimeAsync(180_000);
    expect(runs).toEqual([65 * SECOND, 125 * SECOND, 185 * SECOND]);
    expect(await skipped()).toBe(0);
  });

  it('runs at once and then aligned, without colliding with the aligned run', async () => {
    create(NOON + 59 * SECOND);
    start({ atStart: true }, () => pause(3_000));
    await jest.advanceTimersByTimeAsync(70_000);
    expect(runs).toEqual([59 * SECOND, 120 * SECOND]);
    expect(await skipped()).toBe(1);
  });

  it('runs once when the start is an aligned instant', async () => {
    create(NOON);
    start({ atStart: true });
    await jest.advanceTimersByTimeAsync(59_000);
    expect(runs).toEqual([0]);
  });

  it('never overlaps itself: a slow run skips to the next instant', async () => {
    create(NOON + SECOND);
    start({}, () => pause(150_000));
    await jest.advanceTimersByTimeAsync(300_000);
    expect(runs).toEqual([60 * SECOND, 240 * SECOND]);
    expect(await skipped()).toBe(2);
  });

  it('turns market time into real delays', async () => {
    create(NOON + SECOND, 60);
    start({});
    await jest.advanceTimersByTimeAsync(3_000);
    expect(runs).toEqual([60 * SECOND, 120 * SECOND, 180 * SECOND].map((time) => expect.closeTo(time, -5) as number));
  });

  it('waits longer than a timer can', async () => {
    create(NOON);
    start({ interval: 40 * DAY });
    const due = Math.ceil(NOON / (40 * DAY)) * 40 * DAY - NOON;
    await jest.advanceTimersByTimeAsync(due / 1_000 - 1);
    expect(runs).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(runs).toEqual([due]);
  });

  it.each([
    ['an hour', HOUR],
    ['a day', DAY],
    ['a minute and a half', 90 * SECOND],
  ])('a clock set back by %s costs an interval at most, and not the length of the step', async (_, by) => {
    create(NOON + 10 * SECOND);
    start({ offset: 5 * SECOND });
    await jest.advanceTimersByTimeAsync(30_000);
    clock.step(-by);
    await jest.advanceTimersByTimeAsync(120_000);
    expect(runs.length).toBeGreaterThanOrEqual(1);
    expect(runs.every((time) => ((time % MINUTE) + MINUTE) % MINUTE === 5 * SECOND)).toBe(true);
    expect(await skipped()).toBe(0);
  });

  it('goes on at once when the clock was set back while a task ran', async () => {
    create(NOON + SECOND);
    start({}, () => {
      if (runs.length === 1) clock.step(-400 * DAY);
      return Promise.resolve();
    });
    await jest.advanceTimersByTimeAsync(180_000);
    expect(runs).toHaveLength(3);
    expect(await skipped()).toBe(0);
  });

  it.each([
    ['an hour', HOUR],
    ['400 days', 400 * DAY],
  ])('does not count the instants that a step forward by %s jumps over as skipped', async (_, by) => {
    create(NOON + SECOND);
    start({}, () => {
      if (runs.length === 1) clock.step(by);
      return Promise.resolve();
    });
    await jest.advanceTimersByTimeAsync(20_000);
    clock.step(by);
    await jest.advanceTimersByTimeAsync(160_000);
    expect(runs.length).toBeGreaterThanOrEqual(2);
    expect(await skipped()).toBe(0);
  });

  it('survives a failing run', async () => {
    create(NOON + SECOND);
    start({}, () => Promise.reject(new Error('no')));
    await jest.advanceTimersByTimeAsync(120_000);
    expect(runs).toHaveLength(2);
  });

  it('waits for the run in hand when it stops, and runs nothing more', async () => {
    create(NOON + SECOND);
    let finished = false;
    start({ atStart: true }, async () => {
      await pause(2_000);
      finished = true;
    });
    const stopped = runner.onModuleDestroy();
    await jest.advanceTimersByTimeAsync(2_000);
    await stopped;
    expect(finished).toBe(true);
    await jest.advanceTimersByTimeAsync(180_000);
    expect(runs).toHaveLength(1);
    expect(registry.getTimeouts()).toEqual([]);
  });

  it('tells a run that does not end to stop', async () => {
    create(NOON + SECOND);
    let told = false;
    const when: Instants = { kind: 'instants', interval: MINUTE, offset: 0, atStart: true };
    const untilTold: JobWork = (signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          told = true;
          resolve('ok');
        });
      });
    add(when, untilTold).start();
    const stopped = runner.onModuleDestroy();
    await jest.advanceTimersByTimeAsync(4_000);
    await stopped;
    expect(told).toBe(true);
  });

  const EACH_MINUTE: Instants = { kind: 'instants', interval: MINUTE, offset: 0, atStart: false };
  const EACH_DAY: Instants = { kind: 'instants', interval: DAY, offset: 12 * HOUR, atStart: true, lookEveryMs: 10_000 };

  it('should run at equal distances of real time, however fast the market goes, and leave out those at which it runs', async () => {
    create(NOON, 60);
    const began: number[] = [];
    add({ kind: 'steady', everyMs: 10_000 }, async () => {
      began.push(Date.now());
      await pause(began.length === 2 ? 15_000 : 1);
      return 'ok';
    }).start();
    expect(registry.getIntervals()).toEqual(['test']);
    await jest.advanceTimersByTimeAsync(45_000);
    expect(began.map((time) => time - (began[0] ?? 0))).toEqual([0, 10_000, 30_000, 40_000]);
  });

  it('should look between the instants of a day whether there is anything to do, and again at the instant itself', async () => {
    create(NOON - 25 * SECOND);
    const looks: number[] = [];
    add(EACH_DAY, () => {
      looks.push((clock.now() - NOON) / SECOND);
      return Promise.resolve('idle');
    }).start();
    await jest.advanceTimersByTimeAsync(40_000);
    expect(looks).toEqual([-25, -15, -5, 0, 10]);
    expect(await skipped()).toBe(0);
  });

  it('should say of each job when it ran, how that ended and when it runs next', async () => {
    create(NOON + 10 * SECOND);
    const results: JobResult[] = ['ok', 'failed', 'idle'];
    add(EACH_MINUTE, async () => {
      await pause(1_500);
      return results.shift() ?? 'idle';
    }).start();
    const next = { name: 'test', scope: 'capture', next_run_at: '2026-01-15T12:01:00.000Z' };
    const never = { last_run_at: null, last_result: null, last_seconds: null };
    expect(runner.reports()).toEqual([{ ...next, ...never, state: 'waiting' }]);
    await jest.advanceTimersByTimeAsync(51_000);
    const then = { ...next, next_run_at: '2026-01-15T12:02:00.000Z' };
    expect(runner.reports()).toEqual([{ ...then, ...never, state: 'running' }]);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(runner.reports()).toEqual([
      { ...then, state: 'waiting', last_run_at: '2026-01-15T12:01:00.000Z', last_result: 'ok', last_seconds: 1.5 },
    ]);
    await jest.advanceTimersByTimeAsync(60_000);
    const failed = { last_run_at: '2026-01-15T12:02:00.000Z', last_result: 'failed' };
    expect(runner.reports()).toMatchObject([failed]);
    // A look at which nothing was due changes nothing of that.
    await jest.advanceTimersByTimeAsync(60_000);
    expect(runner.reports()).toMatchObject([{ ...failed, next_run_at: '2026-01-15T12:04:00.000Z' }]);
    await runner.stop('capture');
    expect(runner.reports()).toMatchObject([{ state: 'stopped', next_run_at: null }]);
  });

  it('should say of a job that is done, and of one that is off, that nothing comes', async () => {
    create(NOON);
    add({ kind: 'once' }, () => Promise.resolve('ok')).start();
    add(null, () => Promise.reject(new Error('never')), { name: 'off' }).start();
    await jest.advanceTimersByTimeAsync(1);
    expect(runner.reports()).toMatchObject([
      { name: 'test', state: 'done', last_result: 'ok', next_run_at: null },
      { name: 'off', state: 'off', last_result: null, next_run_at: null },
    ]);
  });

  it('should count what is thrown as failed, and log it unless the store says itself what is the matter', async () => {
    create(NOON + SECOND);
    const errors = [new StoreNotReadyError('gone'), new Error('no')];
    add(EACH_MINUTE, () => Promise.reject(errors.shift() ?? new Error('none'))).start();
    await jest.advanceTimersByTimeAsync(60_000);
    expect([runner.reports()[0]?.last_result, logged]).toEqual(['failed', []]);
    await jest.advanceTimersByTimeAsync(60_000);
    expect([runner.reports()[0]?.last_result, logged]).toEqual(['failed', ['test failed']]);
  });

  it('should not run while what it needs is away', async () => {
    create(NOON + SECOND);
    let isThere = false;
    let count = 0;
    const run: JobWork = () => {
      count += 1;
      return Promise.resolve('ok');
    };
    add(EACH_MINUTE, run, { mayRun: () => isThere }).start();
    await jest.advanceTimersByTimeAsync(120_000);
    expect(count).toBe(0);
    isThere = true;
    await jest.advanceTimersByTimeAsync(60_000);
    expect(count).toBe(1);
  });

  it('should tell of a job that hangs, until it ends', async () => {
    create(NOON);
    add({ kind: 'once' }, async () => {
      await pause(200_000);
      return 'ok';
    }).start();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(runner.notes()).toEqual([]);
    await jest.advanceTimersByTimeAsync(65_000);
    expect(runner.notes()).toEqual(['the job test has been running for 2 min: it hangs, or has too much to do']);
    await jest.advanceTimersByTimeAsync(75_000);
    expect(runner.notes()).toEqual([]);
  });

  it('should start and stop the jobs of a scope, any number of times', async () => {
    create(NOON + SECOND);
    const ran: string[] = [];
    const named = (name: string): Partial<BackgroundJob> => ({ name, scope: name === 'live' ? 'capture' : 'history' });
    for (const name of ['live', 'past']) {
      add(
        { ...EACH_MINUTE, atStart: true },
        () => {
          ran.push(name);
          return Promise.resolve('ok');
        },
        named(name),
      );
    }
    runner.start('history');
    runner.start('history');
    await jest.advanceTimersByTimeAsync(1_000);
    await runner.stop('history');
    await jest.advanceTimersByTimeAsync(120_000);
    expect(ran).toEqual(['past']);
    runner.start('history');
    runner.start('capture');
    await jest.advanceTimersByTimeAsync(1_000);
    expect(ran).toEqual(['past', 'past', 'live']);
    expect(registry.getTimeouts().sort()).toEqual(['live', 'past']);
  });

  it('should wait once for a run that does not end, however often it is stopped', async () => {
    create(NOON + SECOND);
    const job = add({ ...EACH_MINUTE, atStart: true }, () => new Promise(() => undefined));
    job.start();
    const stopped = job.stop();
    await jest.advanceTimersByTimeAsync(5_000);
    await stopped;
    let isOver = false;
    void runner.onModuleDestroy().then(() => (isOver = true));
    await jest.advanceTimersByTimeAsync(1);
    expect(isOver).toBe(true);
  });

  it('should end at once what need not finish, and start nothing beside a run that does not end', async () => {
    create(NOON + SECOND);
    const signals: AbortSignal[] = [];
    let end: () => void = () => undefined;
    const hanging: JobWork = (signal) => {
      signals.push(signal);
      return new Promise((resolve) => {
        end = () => {
          resolve('ok');
        };
      });
    };
    const job = add({ ...EACH_MINUTE, atStart: true }, hanging, { endsAtOnce: true });
    job.start();
    const stopped = job.stop();
    expect(signals[0]?.aborted).toBe(true);
    await jest.advanceTimersByTimeAsync(4_000);
    await stopped;
    job.start();
    await jest.advanceTimersByTimeAsync(120_000);
    expect(signals).toHaveLength(1);
    end();
    await jest.advanceTimersByTimeAsync(1);
    expect(signals).toHaveLength(2);
    expect(signals[1]?.aborted).toBe(false);
    end();
  });
});
