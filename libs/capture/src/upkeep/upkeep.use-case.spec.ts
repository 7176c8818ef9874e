import { loadConfig } from '@app/config';
import { createLogger } from '@app/observability';
import { FakeStoreUpkeep } from '@app/testing';
import { UpkeepUseCase } from './upkeep.use-case';

describe('UpkeepUseCase', () => {
  const { signal } = new AbortController();

  async function upkeepWith(variables: Record<string, string>): Promise<FakeStoreUpkeep> {
    const store = new FakeStoreUpkeep();
    await new UpkeepUseCase(store, loadConfig(variables, '/'), createLogger('silent', 'test')).execute(signal);
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
});
