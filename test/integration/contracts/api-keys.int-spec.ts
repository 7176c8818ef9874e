import { Test, type TestingModule } from '@nestjs/testing';
import { ConfigModule, loadConfig } from '@app/config';
import { ApiKeyStore, SECOND, type ApiKey, type ApiKeyReader, type StoredApiKey } from '@app/domain';
import { createLogger, MetricsRegistry, ObservabilityModule } from '@app/observability';
import { StorageKeysModule } from '@app/storage';
import { NOON, TestStore } from '../../support/test-store';

/** What a command has that makes and revokes keys. */
async function commandOn({ databasePath, rawDir, folder }: TestStore): Promise<TestingModule> {
  const module = Test.createTestingModule({
    imports: [
      ConfigModule.forRoot(loadConfig({ STORAGE_PATH: databasePath, RAW_DIR: rawDir }, folder)),
      ObservabilityModule.forRoot(createLogger('silent', 'test'), new MetricsRegistry()),
      StorageKeysModule,
    ],
  });
  return (await module.compile()).init();
}

/** A key whose every field is its own. */
const key = (name: string, number: number, changes: Partial<ApiKey> = {}): ApiKey => ({
  name,
  sha256: String(number).padStart(64, '0'),
  expiresAt: null,
  requestLimit: null,
  ...changes,
});
const stored = (made: ApiKey, createdAt: number, revokedAt: number | null = null): StoredApiKey => ({
  ...made,
  createdAt,
  revokedAt,
});

const EXPIRED = key('z of a desk', 1, { expiresAt: NOON - SECOND, requestLimit: 7 });
const PLAIN = key('a', 2);

describe('the contract of ApiKeyStore and ApiKeyReader: SQLite', () => {
  let store: TestStore;
  let keys: ApiKeyStore;
  let reader: ApiKeyReader;
  let command: TestingModule;

  beforeEach(async () => {
    store = new TestStore();
    command = await commandOn(store);
    keys = command.get(ApiKeyStore);
    reader = (await store.readers()).keys;
  });

  afterEach(async () => {
    await command.close();
    await store.dispose();
  });

  const unrevoked = async (): Promise<ApiKey[]> =>
    [...(await reader.unrevoked())].sort((a, b) => a.sha256.localeCompare(b.sha256));

  it('should have none before one is made', async () => {
    expect([await keys.all(), await unrevoked()]).toEqual([[], []]);
  });

  it('should have them as they were made, in that order, and tell the readers, expired or not', async () => {
    expect(await keys.add(EXPIRED, NOON)).toBe(true);
    expect(await keys.add(PLAIN, NOON - SECOND)).toBe(true);
    expect(await keys.all()).toEqual([stored(EXPIRED, NOON), stored(PLAIN, NOON - SECOND)]);
    expect(await unrevoked()).toEqual([EXPIRED, PLAIN]);
  });

  it('should make no second key of a name, and leave the first as it is, expired or not', async () => {
    await keys.add(EXPIRED, NOON);
    expect(await keys.add({ ...PLAIN, name: EXPIRED.name }, NOON + SECOND)).toBe(false);
    expect(await keys.all()).toEqual([stored(EXPIRED, NOON)]);
    expect(await unrevoked()).toEqual([EXPIRED]);
  });

  it('should tell names apart by every character', async () => {
    for (const [index, name] of ['desk', 'Desk', 'desk ', '桌'].entries()) {
      expect(await keys.add(key(name, index), NOON)).toBe(true);
    }
    expect(await keys.revoke('DESK', NOON)).toBe(false);
    expect(await unrevoked()).toHaveLength(4);
  });

  it('should revoke a key once, keep it in the list, and touch no other', async () => {
    await keys.add(EXPIRED, NOON);
    await keys.add(PLAIN, NOON);
    expect(await keys.revoke(PLAIN.name, NOON + SECOND)).toBe(true);
    expect(await keys.revoke(PLAIN.name, NOON + 2 * SECOND)).toBe(false);
    expect(await keys.revoke('never made', NOON)).toBe(false);
    expect(await keys.all()).toEqual([stored(EXPIRED, NOON), stored(PLAIN, NOON, NOON + SECOND)]);
    expect(await unrevoked()).toEqual([EXPIRED]);
  });

  it('should make a name anew once its key is revoked, and revoke the new one alone', async () => {
    await keys.add(PLAIN, NOON);
    await keys.revoke(PLAIN.name, NOON + SECOND);
    const anew = key(PLAIN.name, 3);
    expect(await keys.add(anew, NOON + 2 * SECOND)).toBe(true);
    expect(await unrevoked()).toEqual([anew]);
    expect(await keys.revoke(PLAIN.name, NOON + 3 * SECOND)).toBe(true);
    expect(await keys.all()).toEqual([
      stored(PLAIN, NOON, NOON + SECOND),
      stored(anew, NOON + 2 * SECOND, NOON + 3 * SECOND),
    ]);
    expect(await unrevoked()).toEqual([]);
  });
});
