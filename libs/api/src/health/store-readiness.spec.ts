import { ProcessHealth } from '@app/http';
import { FakeStore, FakeStoreCondition, FakeStoreStatus } from '@app/testing';
import { LocalProcess } from './local-process';
import type { OldData } from './old-data';
import { StoreReadinessCheck } from './store-readiness';

class FakeLocalProcess extends LocalProcess {
  readonly name = 'standalone';
  sink = '';
  exchange = '';
  clock = '';

  status(): object {
    return {};
  }

  sinkFault(): string {
    return this.sink;
  }

  exchangeFault(): string {
    return this.exchange;
  }

  clockFault(): string {
    return this.clock;
  }
}

describe('StoreReadinessCheck', () => {
  const store = new FakeStore();
  const oldData = { text: '', line: (): Promise<string> => Promise.resolve(oldData.text) };

  function check(local?: LocalProcess): ProcessHealth {
    const health = new ProcessHealth();
    const status = new FakeStoreStatus(store);
    new StoreReadinessCheck(
      health,
      status,
      new FakeStoreCondition(),
      oldData as unknown as OldData,
      local,
    ).onModuleInit();
    return health;
  }

  afterEach(() => {
    oldData.text = '';
  });

  it('should be ready with old data, and list them', async () => {
    oldData.text = 'BTCUSDT: last price 95 s ago';
    expect(await check().ready()).toEqual({
      ok: true,
      checks: { store: { ok: true, detail: '' }, data: { ok: true, detail: 'BTCUSDT: last price 95 s ago' } },
    });
  });

  it('should be ready while the exchange is away or the clock of the process is wrong, and say so', async () => {
    const local = new FakeLocalProcess();
    local.exchange = 'the exchange is unreachable (no route); capture goes on trying';
    local.clock = "the local clock is 26.0 h ahead of the exchange's";
    const { ok, checks } = await check(local).ready();
    expect(ok).toBe(true);
    expect(checks).toMatchObject({
      exchange: { ok: true, detail: local.exchange },
      clock: { ok: true, detail: local.clock },
    });
  });

  it('should not be ready while the store does not take what is captured', async () => {
    const local = new FakeLocalProcess();
    local.sink = '7 events wait in the spool: database is locked';
    const { ok, checks } = await check(local).ready();
    expect(ok).toBe(false);
    expect(checks['sink']).toEqual({ ok: false, detail: local.sink });
  });
});
