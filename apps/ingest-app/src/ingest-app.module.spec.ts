import type { CaptureStatus } from '@app/capture';
import { ProcessHealth } from '@app/http';
import type { KafkaPublisher } from '@app/messaging';
import { IngestAppModule } from './ingest-app.module';

describe('IngestAppModule', () => {
  const capture = { problem: () => '' } as unknown as CaptureStatus;

  function healthOf(publisher?: { stalledMillis: number }): ProcessHealth {
    const health = new ProcessHealth();
    new IngestAppModule(health, capture, publisher as KafkaPublisher | undefined).onApplicationBootstrap();
    return health;
  }

  it('should be alive while events wait for a broker that is away but tried', async () => {
    expect(await healthOf({ stalledMillis: 40_000 }).live()).toMatchObject({ ok: true });
  });

  it('should not be alive, within a minute, once nobody tries to send what waits', async () => {
    const report = await healthOf({ stalledMillis: 50_000 }).live();
    expect(report.ok).toBe(false);
    expect(report.checks['publisher']?.detail).toContain('50 s without any attempt');
  });

  it('should have no such check in direct mode', async () => {
    expect(await healthOf().live()).toEqual({ ok: true, checks: {} });
  });
});
