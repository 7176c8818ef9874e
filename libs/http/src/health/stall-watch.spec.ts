import { HOUR, SECOND } from '@app/domain';
import { createLogger, MetricsRegistry } from '@app/observability';
import { FakeClock } from '@app/testing';
import { StallWatch } from './stall-watch';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;

describe('StallWatch', () => {
  let clock: FakeClock;
  let metrics: MetricsRegistry;
  let watch: StallWatch;
  let logged: string[];
  /** Milliseconds. */
  let [now, processor] = [0, 0];

  beforeEach(() => {
    jest.useFakeTimers();
    [clock, metrics, logged] = [new FakeClock(NOON), new MetricsRegistry(), []];
    [now, processor] = [0, 0];
    const logger = createLogger('warn', 'test', {
      write: (line: string) => logged.push((JSON.parse(line) as { msg: string }).msg),
    });
    watch = new StallWatch(clock, logger, metrics, { monotonic: () => now, processor: () => processor });
    watch.onApplicationBootstrap();
  });

  afterEach(() => {
    watch.onModuleDestroy();
    jest.useRealTimers();
  });

  /** A beat, that comes so many seconds late. */
  function beat(late = 0): void {
    now += 1_000 + late * 1_000;
    clock.advance((1 + late) * SECOND);
    jest.advanceTimersByTime(1_000);
  }

  const metric = async (name: string): Promise<number | undefined> =>
    (await metrics.getSingleMetric(name)?.get())?.values[0]?.value;

  it('should say for an hour that the process was frozen, in health, log and metrics', async () => {
    beat();
    beat(118);
    const text = 'the process stood still for 118 s until 2026-01-15T12:02:00Z: it was frozen, or waited for a disk';
    expect(watch.notes()).toEqual([text]);
    expect(logged).toEqual([text]);
    expect(await metric('csp_process_stalls_total')).toBe(1);
    expect(await metric('csp_process_stalled_seconds_total')).toBe(118);
    for (let second = 1; second < HOUR / SECOND; second += 1) beat();
    expect(watch.notes()).toEqual([text]);
    beat();
    expect(watch.notes()).toEqual([]);
    expect(await metric('csp_process_stalls_total')).toBe(1);
  });

  it('should say that it was at work where the processor was', () => {
    processor += 7_000;
    beat(8);
    expect(watch.notes()).toEqual([
      expect.stringMatching(/ for 8 s until .*: one piece of work took all of its time$/),
    ]);
  });

  it('should say nothing of what a busy machine does', async () => {
    for (const late of [0, 1, 4.9]) beat(late);
    expect(watch.notes()).toEqual([]);
    expect(logged).toEqual([]);
    expect(await metric('csp_process_stalls_total')).toBe(0);
  });
});
