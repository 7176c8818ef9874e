import { SchedulerRegistry } from '@nestjs/schedule';
import { PublishedBuilds, type PublishedBuild } from '@app/bi';
import { loadConfig } from '@app/config';
import { DAY, HOUR, MINUTE, SECOND, type EpochMicros } from '@app/domain';
import { JobMetrics, JobRunner } from '@app/jobs';
import { createLogger, MetricsRegistry } from '@app/observability';
import { FakeClock, FakeStore, FakeStoreStatus } from '@app/testing';
import { DailyBuild } from './daily-build';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;

/** A folder with one build, or with none. */
class OneBuild extends PublishedBuilds {
  madeAt: EpochMicros | undefined;

  constructor() {
    super('/nowhere');
  }

  override latest(): Promise<PublishedBuild | undefined> {
    const { madeAt } = this;
    return Promise.resolve(
      madeAt === undefined ? undefined : { name: '1-0123456789ab', folder: '', madeAt, isLatest: true, files: [] },
    );
  }
}

describe('DailyBuild', () => {
  let clock: FakeClock;
  let builds: OneBuild;
  let metrics: MetricsRegistry;

  function daily(environment: Record<string, string>): DailyBuild {
    const store = new FakeStoreStatus(new FakeStore());
    const logger = createLogger('silent', 'test');
    const runner = new JobRunner(new SchedulerRegistry(), clock, new JobMetrics(metrics), logger);
    const config = loadConfig(environment, '/');
    return new DailyBuild(config, '/nowhere/main.js', builds, runner, store, clock, logger, metrics);
  }

  beforeEach(() => {
    clock = new FakeClock(NOON);
    builds = new OneBuild();
    metrics = new MetricsRegistry();
  });

  it('should say when the newest build is older than a day and the time that one may take', async () => {
    const build = daily({ BI_BUILD_AT: '12:00', BI_BUILD_MAX_SECONDS: '3600' });
    builds.madeAt = NOON;
    clock.advance(DAY + HOUR);
    expect(await build.notes()).toEqual([]);
    clock.advance(MINUTE);
    expect(await build.notes()).toEqual([
      '/data/: the newest build is of 2026-01-15T12:00:00Z: a daily one has failed, hangs or is late',
    ]);
    builds.madeAt = NOON + DAY;
    expect(await build.notes()).toEqual([]);
  });

  it('should say that there is none yet once the first has had its time', async () => {
    const build = daily({ BI_BUILD_AT: '12:00', BI_BUILD_MAX_SECONDS: '3600' });
    const isOld = async (): Promise<boolean> => {
      const value = async (name: string): Promise<number> =>
        (await metrics.getSingleMetric(name)?.get())?.values[0]?.value ?? NaN;
      const madeAt = await value('csp_bi_build_last_made_timestamp_seconds');
      return clock.now() / SECOND - madeAt > (await value('csp_bi_build_max_age_seconds'));
    };
    clock.advance(HOUR);
    expect([await build.notes(), await isOld()]).toEqual([[], false]);
    clock.advance(MINUTE);
    expect(await build.notes()).toEqual([
      '/data/: there is no build yet, though one was due when this process started',
    ]);
    // The alert CspBuildStale.
    expect(await isOld()).toBe(true);
  });

  it('should expect no build where none is made each day', async () => {
    const build = daily({});
    builds.madeAt = NOON;
    clock.advance(30 * DAY);
    expect(await build.notes()).toEqual([]);
    expect(await metrics.getSingleMetric('csp_bi_build_max_age_seconds')?.get()).toMatchObject({ values: [] });
  });
});
