import { ProcessHealth } from '@app/http';
import type { KafkaBatchServer } from '@app/messaging';
import { ConsumerAppModule } from './consumer-app.module';

describe('ConsumerAppModule', () => {
  function healthOf(dead: string, problem: string): ProcessHealth {
    const health = new ProcessHealth();
    const consumerStatus = { deadReason: () => dead, problem: () => problem };
    new ConsumerAppModule(health, { consumerStatus } as unknown as KafkaBatchServer).onApplicationBootstrap();
    return health;
  }

  it('should be alive and ready while the consumer does its work', async () => {
    const health = healthOf('', '');
    expect(await health.live()).toMatchObject({ ok: true });
    expect(await health.ready()).toMatchObject({ ok: true });
  });

  it('should not be ready, but alive, while the store takes nothing or the broker is away', async () => {
    const health = healthOf('', 'the store takes nothing: disk full');
    expect(await health.live()).toMatchObject({ ok: true });
    expect(await health.ready()).toEqual({
      ok: false,
      checks: { consumer: { ok: false, detail: 'the store takes nothing: disk full' } },
    });
  });

  it('should not be alive once the consumer shows no sign of life', async () => {
    expect(await healthOf('no sign of life for 46 s', '').live()).toEqual({
      ok: false,
      checks: { consumer: { ok: false, detail: 'no sign of life for 46 s' } },
    });
  });
});
