import { SchedulerRegistry } from '@nestjs/schedule';
import { DAY, HOUR, MINUTE, SECOND, type EpochMicros } from '@app/domain';
import { createLogger, MetricsRegistry } from '@app/observability';
import { alignedOver, TimerClock } from '@app/testing';
import { CaptureMetrics } from '../status/capture-metrics';
import { ClockAlignedScheduler, type AlignedTask } from './clock-aligned.scheduler';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;

describe('ClockAlignedScheduler', () => {
  let registry: SchedulerRegistry;
  let metrics: MetricsRegistry;
  let clock: TimerClock;
  let scheduler: ClockAlignedScheduler;
  let runs: EpochMicros[];

  function create(start: EpochMicros, factor = 1): void {
    registry = new SchedulerRegistry();
    metrics = new MetricsRegistry();
    clock = new TimerClock(start, factor);
    const captureMetrics = new CaptureMetrics(metrics, alignedOver(clock));
    scheduler = new ClockAlignedScheduler(registry, clock, captureMetrics, createLogger('silent', 'test'));
    runs = [];
  }

  function start(task: Partial<AlignedTask>, work: () => Promise<void> = () => Promise.resolve()): void {
    scheduler.start({
      name: 'test',
      interval: MINUTE,
      offset: 0,
      atStart: false,
      run: () => {
        runs.push(clock.now() - NOON);
        return work();
      },
      ...task,
    });
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
    const stopped = scheduler.onModuleDestroy();
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
    const stopped = scheduler.onModuleDestroy();
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
    scheduler.start({
      name: 'test',
      interval: MINUTE,
      offset: 0,
      atStart: true,
      run: (signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            told = true;
            resolve();
          });
        }),
    });
    const stopped = scheduler.onModuleDestroy();
    await jest.advanceTimersByTimeAsync(4_000);
    await stopped;
    expect(told).toBe(true);
  });
});
