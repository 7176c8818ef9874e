import { statSync } from 'node:fs';
import { DAY, HOUR, MINUTE, type RetentionPolicy, type StoreUpkeep } from '@app/domain';
import { buildMinute, FakeStoreUpkeep } from '@app/testing';
import { KeptStore } from '../../support/kept-store';
import { candleEvent, NOON, priceEvent, TestStore } from '../../support/test-store';

interface Subject {
  readonly upkeep: StoreUpkeep;
  dispose(): Promise<void>;
}

interface StoreSubject extends Subject {
  readonly store: TestStore;
}

const PRICES = 'crypto_prices_2026-01-15.jsonl';
const CANDLES = 'crypto_candles_2026-01-15.jsonl';
const TODAY = NOON - 12 * HOUR;
const { signal } = new AbortController();
const FOR_EVER: RetentionPolicy = {
  bronzeDays: undefined,
  minutesDays: undefined,
  eventsDays: undefined,
  changesHours: 100_000,
};
const NOTHING_REMOVED = { files: 0, minutes: 0, events: 0, changes: 0 };
const NOTHING_COMPACTED = { files: [], failed: [] };

/** A whole day of minutes and two prices, just after that day. */
async function filledStore(): Promise<TestStore> {
  const store = new TestStore();
  store.clock.set(TODAY + DAY);
  await store.open();
  const minutes = Array.from({ length: 1_440 }, (_, index) =>
    buildMinute('BTCUSDT', TODAY + index * MINUTE, { capturedAt: TODAY + DAY - 1 }),
  );
  await store.take(priceEvent('BTCUSDT', NOON), priceEvent('BTCUSDT', NOON + 1), ...minutes.map(candleEvent));
  return store;
}

async function openSubject(): Promise<StoreSubject> {
  const store = await filledStore();
  return { store, upkeep: store.opened.upkeep, dispose: () => store.dispose() };
}

async function keptSubject(): Promise<StoreSubject> {
  const store = await filledStore();
  await store.close();
  const kept = await KeptStore.start(store);
  return {
    store,
    upkeep: kept.upkeep,
    dispose: async () => {
      await kept.close();
      await store.dispose();
    },
  };
}

function fakeSubject(): Promise<Subject> {
  return Promise.resolve({ upkeep: new FakeStoreUpkeep(), dispose: () => Promise.resolve() });
}

function contractOf<S extends Subject>(make: () => Promise<S>): () => S {
  let subject: S;

  beforeEach(async () => {
    subject = await make();
  });

  afterEach(() => subject.dispose());

  it('should do nothing while nothing is due, however often it is asked', async () => {
    const days = { ...FOR_EVER, bronzeDays: 1, minutesDays: 1, eventsDays: 1 };
    for (const policy of [FOR_EVER, days, FOR_EVER]) {
      expect(await subject.upkeep.retain(policy, signal)).toEqual(NOTHING_REMOVED);
      expect(await subject.upkeep.compact(signal)).toEqual(NOTHING_COMPACTED);
    }
  });

  return () => subject;
}

describe('the contract of StoreUpkeep: the fake', () => {
  contractOf(fakeSubject);
});

describe.each([
  ['of an open store', openSubject],
  ['of the store of a process', keptSubject],
])('the contract of StoreUpkeep: %s', (_, make) => {
  const subject = contractOf(make);

  /** Of the filled store, ten days later. */
  function later(): StoreSubject {
    subject().store.clock.advance(10 * DAY);
    return subject();
  }

  it('should compress the files of closed days once', async () => {
    const { store, upkeep } = later();
    const sizes = [CANDLES, PRICES].map((file) => statSync(store.bronzePath(file)).size);
    const { files, failed } = await upkeep.compact(signal);
    expect(failed).toEqual([]);
    expect(files).toEqual(
      [CANDLES, PRICES].map((file, index) => ({
        file,
        lines: [1_440, 2][index],
        bytesBefore: sizes[index],
        bytesAfter: statSync(store.bronzePath(`${file}.gz`)).size,
      })),
    );
    expect(await upkeep.compact(signal)).toEqual(NOTHING_COMPACTED);
    expect(store.bronzeFiles()).toEqual([]);
  });

  it('should remove of each kind what is older than that is kept, once, and nothing of the others', async () => {
    const { upkeep } = later();
    expect(await upkeep.retain(FOR_EVER, signal)).toEqual(NOTHING_REMOVED);
    const policies: [Partial<RetentionPolicy>, object][] = [
      [{ minutesDays: 11 }, NOTHING_REMOVED],
      [{ minutesDays: 10 }, { ...NOTHING_REMOVED, minutes: 1_440 }],
      // The newest price of a symbol stays.
      [{ eventsDays: 9 }, { ...NOTHING_REMOVED, events: 1 }],
      [{ bronzeDays: 9 }, { ...NOTHING_REMOVED, files: 2 }],
      [{ changesHours: 239 }, { ...NOTHING_REMOVED, changes: 2 }],
    ];
    for (const [policy, removed] of policies) {
      expect(await upkeep.retain({ ...FOR_EVER, ...policy }, signal)).toEqual(removed);
      expect(await upkeep.retain({ ...FOR_EVER, ...policy }, signal)).toEqual(NOTHING_REMOVED);
    }
  });

  it('should do nothing more once it is told to end, and the rest in its next run', async () => {
    const { upkeep } = later();
    const ended = AbortSignal.abort();
    const policy = { bronzeDays: 9, minutesDays: 9, eventsDays: 9, changesHours: 1 };
    expect(await upkeep.compact(ended)).toEqual(NOTHING_COMPACTED);
    expect(await upkeep.retain(policy, ended)).toEqual(NOTHING_REMOVED);
    expect((await upkeep.compact(signal)).files).toHaveLength(2);
    expect(await upkeep.retain(policy, signal)).toMatchObject({ files: 2, minutes: 1_440, events: 1 });
  });
});
