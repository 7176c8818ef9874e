import { STORE_READY, type StoreReadiness } from '@app/domain';
import { ProcessHealth } from '@app/http';
import type { KafkaBatchServer } from '@app/messaging';
import { FakeStoreCondition } from '@app/testing';
import { ConsumerAppModule } from './consumer-app.module';

describe('ConsumerAppModule', () => {
  function healthOf(dead: string, problem: string, readiness: StoreReadiness = STORE_READY): ProcessHealth {
    const health = new ProcessHealth();
    const consumerStatus = { deadReason: () => dead, problem: () => problem };
    const store = new FakeStoreCondition();
    store.state = readiness;
    new ConsumerAppModule(health, { consumerStatus } as unknown as KafkaBatchServer, store).onApplicationBootstrap();
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
      checks: {
        store: { ok: true, detail: '' },
        consumer: { ok: false, detail: 'the store takes nothing: disk full' },
      },
    });
  });

  it('should not be ready while its database is damaged', async () => {
    const damaged = { ready: false, state: 'damaged', reason: 'the database is damaged' } as const;
    expect(await healthOf('', '', damaged).ready()).toMatchObject({
      ok: false,
      checks: { store: { ok: false, detail: 'the database is damaged' } },
    });
  });

  it('should not be alive once the consumer shows no sign of life', async () => {
    expect(await healthOf('no sign of life for 46 s', '').live()).toEqual({
      ok: false,
      checks: { consumer: { ok: false, detail: 'no sign of life for 46 s' } },
    });
  });
});
