import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  DAY,
  SECOND,
  STORE_READY,
  StoreNotReadyError,
  type LostLines,
  type ProcessStatusRow,
  type StoreStatus,
} from '@app/domain';
import { buildMinute, FakeStore, FakeStoreStatus } from '@app/testing';
import { eventually } from '../../support/app-process';
import { KeptStore } from '../../support/kept-store';
import { candleEvent, NOON, ORIGIN, priceEvent, TestStore } from '../../support/test-store';

interface Subject {
  /** That of the process that runs now, of a store in which nothing has been captured yet. */
  readonly status: StoreStatus;
  /** Captures something. */
  change(): Promise<void>;
  say(row: ProcessStatusRow): Promise<void>;
  /** Has {@link SHORT} be shorter than stored, {@link ALTERED} altered, and {@link LOST} and {@link LOST_BEFORE} have lines that are no events. */
  spoil(): Promise<void>;
  /** Nothing can be read from now on. */
  away(): Promise<void>;
  back(): Promise<void>;
  dispose(): Promise<void>;
}

const SHORT = 'crypto_prices_2026-01-15.jsonl';
const LOST = 'crypto_prices_2026-01-16.jsonl';
const LOST_BEFORE = 'crypto_prices_2026-01-14.jsonl';
const ALTERED = 'crypto_candles_2026-01-15.jsonl';

async function sqliteSubject(): Promise<Subject> {
  const store = new TestStore();
  let kept = await KeptStore.start(store);
  await kept.expectWhole();
  let second = 0;
  return {
    get status() {
      return kept.status;
    },
    change: async () => {
      await kept.take(priceEvent('BTCUSDT', NOON + (second += 1) * SECOND));
    },
    say: (row) => kept.processStatus.write(row),
    spoil: async () => {
      await kept.take(...[NOON - DAY, NOON, NOON + DAY].map((time) => priceEvent('ETHUSDT', time)));
      await kept.take(candleEvent(buildMinute('ETHUSDT', NOON)));
      await kept.close();
      truncateSync(store.bronzePath(SHORT), 5);
      const altered = readFileSync(store.bronzePath(ALTERED), 'utf8');
      writeFileSync(store.bronzePath(ALTERED), altered.replace('ETHUSDT', 'ETHUSDC'));
      appendFileSync(store.bronzePath(LOST), 'x\n{}\n');
      appendFileSync(store.bronzePath(LOST_BEFORE), 'x\n');
      kept = await KeptStore.start(store);
      await kept.expectWhole();
      await eventually('the files were read through', async () =>
        (await kept.status.alteredFiles()).length > 0 ? true : undefined,
      );
    },
    away: () => kept.moveAway(),
    back: () => kept.moveBack(),
    dispose: async () => {
      await kept.close();
      await store.dispose();
    },
  };
}

function fakeSubject(): Promise<Subject> {
  const store = new FakeStore();
  store.origin = null;
  return Promise.resolve({
    status: new FakeStoreStatus(store),
    change: () => {
      store.origin = ORIGIN;
      store.changed();
      return Promise.resolve();
    },
    say: (row) => {
      store.processes.push(row);
      return Promise.resolve();
    },
    spoil: () => {
      store.damaged = [SHORT];
      store.altered = [ALTERED];
      const lost = { firstLine: 2, noticedAt: NOON + DAY, reason: 'JSON' };
      store.lostLines.push({ ...lost, file: LOST, lines: 2 }, { ...lost, file: LOST_BEFORE, lines: 1 });
      return Promise.resolve();
    },
    away: () => {
      store.readiness = { ready: false, state: 'removed', reason: 'its file was removed' };
      return Promise.resolve();
    },
    back: () => {
      store.readiness = STORE_READY;
      return Promise.resolve();
    },
    dispose: () => Promise.resolve(),
  });
}

describe.each([
  ['SQLite', sqliteSubject],
  ['the fake', fakeSubject],
])('the contract of StoreStatus: %s', (_, make) => {
  let subject: Subject;

  beforeEach(async () => {
    subject = await make();
  });

  afterEach(() => subject.dispose());

  /** As of the next request: those of one turn of the event loop are told the same. */
  async function version(): Promise<string> {
    await nextTurn();
    return subject.status.version();
  }

  /** All that is read of the store. */
  const questions = (): Promise<unknown>[] => {
    const { status } = subject;
    return [
      version(),
      status.origin(),
      status.damagedFiles(),
      status.alteredFiles(),
      status.lostLines(),
      status.processes(),
    ];
  };

  const said = (process: string, problem: string, updatedAt = NOON): ProcessStatusRow => ({
    process,
    updatedAt,
    status: JSON.stringify({ problem }),
  });

  it('should be ready, and have nothing to tell, while nothing was captured', async () => {
    expect(subject.status.readiness()).toEqual(STORE_READY);
    expect(await Promise.all(questions())).toEqual([expect.any(String), null, [], [], [], []]);
  });

  it('should know whose data it has once there are some', async () => {
    await subject.change();
    expect(await subject.status.origin()).toBe(ORIGIN);
  });

  it('should have another version after each change, and the same one until the next', async () => {
    const seen: string[] = [await version()];
    for (let change = 1; change <= 3; change += 1) {
      await subject.change();
      const changed = await version();
      expect(seen).not.toContain(changed);
      seen.push(changed);
      expect(await version()).toBe(changed);
    }
  });

  it('should have the same version whatever processes say of themselves', async () => {
    await subject.change();
    const before = await version();
    await subject.say(said('ingest-app', 'disk full'));
    expect(await subject.status.processes()).toHaveLength(1);
    expect(await version()).toBe(before);
  });

  it('should give what the processes say, by their names', async () => {
    const names = ['api-app', 'consumer-app@a:1', 'consumer-app@b:1', 'ingest-app'];
    const rows = names.map((name, index) => said(name, '', NOON - index));
    for (const row of [rows[3]!, rows[1]!, rows[0]!, rows[2]!]) await subject.say(row);
    expect(await subject.status.processes()).toEqual(rows);
  });

  it('should name the raw files that something has happened to, each for what it is', async () => {
    await subject.change();
    await subject.spoil();
    expect(await subject.status.damagedFiles()).toEqual([SHORT]);
    expect(await subject.status.alteredFiles()).toEqual([ALTERED]);
    const lost = (file: string, lines: number): LostLines => ({
      file,
      firstLine: 2,
      lines,
      noticedAt: NOON + DAY,
      reason: expect.stringContaining('JSON') as string,
    });
    expect(await subject.status.lostLines()).toEqual([lost(LOST_BEFORE, 1), lost(LOST, 2)]);
  });

  it('should say why nothing can be read, answer nothing meanwhile, and go on afterwards', async () => {
    await subject.change();
    const before = await Promise.all(questions());
    await subject.away();
    const readiness = subject.status.readiness();
    expect(readiness).toMatchObject({ ready: false, state: 'removed' });
    for (const answer of await Promise.allSettled(questions())) {
      const error: unknown = 'reason' in answer ? answer.reason : answer;
      expect(error).toBeInstanceOf(StoreNotReadyError);
      expect(error).toMatchObject({ reason: readiness.reason, state: 'removed', code: 'STORE.DAMAGED' });
    }
    await subject.back();
    expect(subject.status.readiness()).toEqual(STORE_READY);
    expect(await Promise.all(questions())).toEqual(before);
  });
});
