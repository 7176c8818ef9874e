import { renameSync } from 'node:fs';
import { Test, type TestingModule } from '@nestjs/testing';
import { ClockModule } from '@app/clock';
import { ConfigModule, loadConfig } from '@app/config';
import { StoreLease, StoreNotReadyError } from '@app/domain';
import { createLogger, MetricsRegistry, ObservabilityModule } from '@app/observability';
import { ConsumerStore, DatabaseWatch, StorageConsumeModule } from '@app/storage';
import { eventually } from '../../support/app-process';
import { TestStore } from '../../support/test-store';

/** The lease as one of several processes of a store has it. */
interface Holder {
  readonly lease: StoreLease;
  /** The process ends, unless it has. */
  end(): Promise<void>;
}

interface ProcessHolder extends Holder {
  readonly watch: DatabaseWatch;
}

/** Ends it the first time it is told to. */
function once(end: () => Promise<void>): () => Promise<void> {
  let ending: Promise<void> | undefined;
  return () => (ending ??= end());
}

async function openHolder(store: TestStore): Promise<Holder> {
  const lease = await ConsumerStore.open(store.options(), true);
  return { lease, end: once(() => lease.close()) };
}

/** As a process has it that goes on when something has happened to the database. */
async function processHolder(store: TestStore): Promise<ProcessHolder> {
  const { databasePath, rawDir, clock, folder } = store;
  const module: TestingModule = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot(loadConfig({ BROKER_MODE: 'kafka', STORAGE_PATH: databasePath, RAW_DIR: rawDir }, folder)),
      ClockModule.forRoot(clock),
      ObservabilityModule.forRoot(createLogger('silent', 'test'), new MetricsRegistry()),
      StorageConsumeModule,
    ],
  }).compile();
  await module.init();
  return {
    lease: module.get(StoreLease),
    watch: module.get(DatabaseWatch, { strict: false }),
    end: once(() => module.close()),
  };
}

function contractOf<H extends Holder>(make: (store: TestStore) => Promise<H>): () => readonly [H, H, TestStore] {
  let store: TestStore;
  let first: H;
  let second: H;

  beforeEach(async () => {
    store = new TestStore();
    first = await make(store);
    second = await make(store);
  });

  afterEach(async () => {
    await first.end();
    await second.end();
    await store.dispose();
  });

  const held = (): readonly boolean[] => [first.lease.held, second.lease.held];

  it('should be free before anybody has taken it', () => {
    expect(held()).toEqual([false, false]);
  });

  it('should be held by one at a time, who may take it again', async () => {
    expect(await first.lease.acquire()).toBe(true);
    expect(await second.lease.acquire()).toBe(false);
    expect(await first.lease.acquire()).toBe(true);
    expect(held()).toEqual([true, false]);
  });

  it('should be given to one of those who ask at once', async () => {
    const answers = await Promise.all([first.lease.acquire(), second.lease.acquire()]);
    expect([...answers].sort()).toEqual([false, true]);
    expect(held()).toEqual(answers);
  });

  it('should go from one to the other, however often', async () => {
    for (const [holder, other] of [
      [first, second],
      [second, first],
      [first, second],
    ] as const) {
      expect(await holder.lease.acquire()).toBe(true);
      expect(await other.lease.acquire()).toBe(false);
      await holder.lease.release();
      expect(held()).toEqual([false, false]);
    }
  });

  it('should stay with its holder whatever another one gives up', async () => {
    await first.lease.acquire();
    await second.lease.release();
    expect(held()).toEqual([true, false]);
    expect(await second.lease.acquire()).toBe(false);
  });

  it('should be given up once and for all, however often that is said', async () => {
    await first.lease.acquire();
    await first.lease.release();
    expect(await second.lease.acquire()).toBe(true);
    await first.lease.release();
    expect(held()).toEqual([false, true]);
  });

  it('should be free when its holder has ended', async () => {
    await first.lease.acquire();
    await first.end();
    expect(await second.lease.acquire()).toBe(true);
  });

  return () => [first, second, store];
}

describe('the contract of StoreLease: of an open store', () => {
  contractOf(openHolder);
});

describe('the contract of StoreLease: of the store of a process', () => {
  const holders = contractOf(processHolder);

  it('should be lost with the store, refused without one, and there to be taken with the next', async () => {
    const [{ lease, watch }, , store] = holders();
    watch.watchFiles();
    await lease.acquire();
    const elsewhere = `${store.databasePath}.elsewhere`;
    renameSync(store.databasePath, elsewhere);
    await watch.look();
    expect(lease.held).toBe(false);
    await expect(lease.acquire()).rejects.toThrow(StoreNotReadyError);
    await lease.release();
    renameSync(elsewhere, store.databasePath);
    const taken = await eventually('the store is open again', () => lease.acquire().catch(() => undefined));
    expect([taken, lease.held]).toEqual([true, true]);
  });
});
