import { loadConfig } from '@app/config';
import { createLogger } from '@app/observability';
import { FakeStoreUpkeep } from '@app/testing';
import type { ExchangeTime } from '../candles/exchange-time';
import { UpkeepUseCase } from './upkeep.use-case';

describe('UpkeepUseCase', () => {
  const { signal } = new AbortController();

  async function upkeepWith(variables: Record<string, string>, isKnown = true): Promise<FakeStoreUpkeep> {
    const store = new FakeStoreUpkeep();
    const time = { isKnown, ready: () => Promise.resolve() } as unknown as ExchangeTime;
    await new UpkeepUseCase(store, time, loadConfig(variables, '/'), createLogger('silent', 'test')).execute(signal);
    return store;
  }

  it('should leave everything as it is unless told otherwise', async () => {
    const { policies, compactions } = await upkeepWith({});
    expect(policies).toEqual([{ changesHours: 168 }]);
    expect(compactions).toBe(0);
  });

  it('should do as the configuration says', async () => {
    const { policies, compactions } = await upkeepWith({
      COMPACT_RAW_FILES: 'true',
      RETENTION_BRONZE_DAYS: '400',
      RETENTION_MINUTES_DAYS: '30',
      RETENTION_EVENTS_DAYS: '0',
    });
    expect(policies).toEqual([{ bronzeDays: 400, minutesDays: 30, changesHours: 168 }]);
    expect(compactions).toBe(1);
  });

  it.each(['RETENTION_BRONZE_DAYS', 'RETENTION_MINUTES_DAYS', 'RETENTION_EVENTS_DAYS'])(
    'should remove no history by a clock that the exchange has not confirmed: %s',
    async (name) => {
      const { policies, compactions } = await upkeepWith({ [name]: '30', COMPACT_RAW_FILES: 'true' }, false);
      expect(policies).toEqual([{ changesHours: 168 }]);
      expect(compactions).toBe(1);
    },
  );
});
