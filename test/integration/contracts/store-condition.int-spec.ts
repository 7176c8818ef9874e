import { linkSync, renameSync, rmSync } from 'node:fs';
import { STORE_READY, type StoreCondition } from '@app/domain';
import { FakeStoreCondition } from '@app/testing';
import { eventually } from '../../support/app-process';
import { KeptStore } from '../../support/kept-store';
import { TestStore } from '../../support/test-store';

interface Subject {
  readonly condition: StoreCondition;
  /** What no line may name. */
  readonly folder: string;
  /** The store cannot be used from now on. */
  away(): Promise<void>;
  /** Puts back what was taken away, and does nothing else. */
  back(): void;
  /** Until the process has the store open: nothing can happen to it before. */
  opened(): Promise<void>;
  /** Something is not as it should be, and keeps nothing from working. */
  disturb(): Promise<void>;
  settle(): Promise<void>;
  dispose(): Promise<void>;
}

/** Of a process with one half of the store or both. */
async function processSubject(
  halves: 'both' | 'reader',
  conditionOf: (kept: KeptStore) => StoreCondition,
): Promise<Subject> {
  const store = new TestStore();
  await store.open();
  await store.close();
  const kept = await KeptStore.start(store, halves);
  const elsewhere = `${store.databasePath}.elsewhere`;
  const secondName = `${store.databasePath}.second`;
  return {
    condition: conditionOf(kept),
    folder: store.folder,
    away: async () => {
      renameSync(store.databasePath, elsewhere);
      await kept.watch.look();
    },
    back: () => {
      renameSync(elsewhere, store.databasePath);
    },
    opened: async () => {
      await eventually('the database is open', () => Promise.resolve(kept.status.readiness().ready || undefined));
    },
    disturb: async () => {
      linkSync(store.databasePath, secondName);
      await kept.watch.look();
    },
    settle: async () => {
      rmSync(secondName);
      await kept.watch.look();
    },
    dispose: async () => {
      await kept.close();
      await store.dispose();
    },
  };
}

function fakeSubject(): Promise<Subject> {
  const condition = new FakeStoreCondition();
  return Promise.resolve({
    condition,
    folder: '/',
    away: () => {
      condition.state = { ready: false, state: 'removed', reason: 'the file was removed: `cli rebuild` makes another' };
      return Promise.resolve();
    },
    back: () => {
      condition.state = STORE_READY;
    },
    opened: () => Promise.resolve(),
    disturb: () => {
      condition.said = ['the file has a second name'];
      return Promise.resolve();
    },
    settle: () => {
      condition.said = [];
      return Promise.resolve();
    },
    dispose: () => Promise.resolve(),
  });
}

describe.each([
  ['of a process that writes', () => processSubject('both', (kept) => kept.condition)],
  ['of a process that reads', () => processSubject('reader', (kept) => kept.watch)],
  ['the fake', fakeSubject],
])('the contract of StoreCondition: %s', (_, make) => {
  let subject: Subject;
  let condition: StoreCondition;

  beforeEach(async () => {
    subject = await make();
    ({ condition } = subject);
    await subject.opened();
    condition.watchFiles();
  });

  afterEach(() => subject.dispose());

  /** One readable line without paths. */
  function expectLine(line: string): void {
    expect(line).toMatch(/^[^\n]+$/);
    expect(line).not.toContain(subject.folder);
  }

  const untilReady = (): Promise<unknown> =>
    eventually('the store is ready', () => Promise.resolve(condition.readiness().ready || undefined));

  it('should be ready while all is well, with nothing to note', () => {
    expect(condition.readiness()).toEqual(STORE_READY);
    expect(condition.notes()).toEqual([]);
  });

  it('should say at once what the matter is, in one line, for as long as it lasts', async () => {
    await subject.away();
    for (let time = 0; time < 2; time += 1) {
      const { ready, state, reason } = condition.readiness();
      expect([ready, state]).toEqual([false, 'removed']);
      expectLine(reason);
      expect(condition.notes()).toEqual([]);
    }
  });

  it('should be ready again by itself once it has been mended, however often', async () => {
    condition.watchFiles();
    for (let time = 0; time < 2; time += 1) {
      await subject.away();
      expect(condition.readiness().ready).toBe(false);
      subject.back();
      await untilReady();
      expect(condition.readiness()).toEqual(STORE_READY);
      await subject.opened();
    }
  });

  it('should note what keeps nothing from working, until it is over', async () => {
    await subject.disturb();
    expect(condition.readiness()).toEqual(STORE_READY);
    const notes = condition.notes();
    expect(notes).toHaveLength(1);
    for (const note of notes) expectLine(note);
    await subject.settle();
    expect(condition.notes()).toEqual([]);
  });
});
