import type { CaptureStatus } from '@app/capture';
import { ProcessHealth } from '@app/http';
import type { KafkaPublisher } from '@app/messaging';
import { IngestAppModule } from './ingest-app.module';

describe('IngestAppModule', () => {
  const said = { problem: '', exchange: '', clock: '' };
  const capture = {
    problem: () => said.problem,
    exchangeFault: () => said.exchange,
    clockState: () => ({ detail: said.clock }),
  } as unknown as CaptureStatus;

  function healthOf(publisher?: { stalledMillis: number }): ProcessHealth {
    const health = new ProcessHealth();
    new IngestAppModule(health, capture, publisher as KafkaPublisher | undefined).onApplicationBootstrap();
    return health;
  }

  afterEach(() => {
    Object.assign(said, { problem: '', exchange: '', clock: '' });
  });

  it('should not be ready while the exchange is away, before any poll is late', async () => {
    said.exchange = 'the exchange is banned (HTTP 418); capture goes on trying';
    const { ok, checks } = await healthOf().ready();
    expect(ok).toBe(false);
    expect(checks).toMatchObject({ capture: { ok: true }, exchange: { ok: false, detail: said.exchange } });
  });

  it('should be ready with a clock that is wrong, which is corrected, and say so', async () => {
    said.clock = "the local clock is 26.0 h ahead of the exchange's";
    const { ok, checks } = await healthOf().ready();
    expect(ok).toBe(true);
    expect(checks['clock']).toEqual({ ok: true, detail: said.clock });
  });

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
