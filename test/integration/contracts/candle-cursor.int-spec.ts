import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CandleCursor, MINUTE, type EpochMicros, type OutgoingEvent } from '@app/domain';
import { buildMinute, FakeCandleCursor, FakeClock } from '@app/testing';
import { ingestPorts } from '../../support/ingest-ports';
import { KeptStore } from '../../support/kept-store';
import { candleEvent, NOON, TestStore } from '../../support/test-store';

interface Subject {
  /** That of the process that runs now. */
  readonly cursor: CandleCursor;
  /** Has the publisher take a minute. */
  publish(symbol: string, openTime: EpochMicros): Promise<unknown>;
  /** Ends the process and starts another one. */
  restart(): Promise<void>;
  dispose(): Promise<void>;
}

async function storeSubject(): Promise<Subject> {
  const store = new TestStore();
  let kept = await KeptStore.start(store);
  return {
    get cursor() {
      return kept.cursor;
    },
    publish: (symbol, openTime) => kept.take(candleEvent(buildMinute(symbol, openTime))),
    restart: async () => {
      await kept.close();
      kept = await KeptStore.start(store);
    },
    dispose: async () => {
      await kept.close();
      await store.dispose();
    },
  };
}

/** Until the first restart there is no store: minutes are safe in the spool, which is handed on then. */
async function awaySubject(): Promise<Subject> {
  const store = new TestStore();
  let kept = await KeptStore.start(store);
  const spooled: OutgoingEvent[] = [];
  const elsewhere = `${store.databasePath}.elsewhere`;
  renameSync(store.databasePath, elsewhere);
  await kept.watch.look();
  return {
    get cursor() {
      return kept.cursor;
    },
    publish: (symbol, openTime) => {
      const event = candleEvent(buildMinute(symbol, openTime));
      return existsSync(elsewhere) ? Promise.resolve(spooled.push(event)) : kept.take(event);
    },
    restart: async () => {
      await kept.close();
      if (existsSync(elsewhere)) renameSync(elsewhere, store.databasePath);
      kept = await KeptStore.start(store);
      await kept.take(...spooled.splice(0));
    },
    dispose: async () => {
      await kept.close();
      await store.dispose();
    },
  };
}

async function ingestSubject(): Promise<Subject> {
  const folder = mkdtempSync(join(tmpdir(), 'csp-cursor-'));
  const clock = new FakeClock(NOON);
  let process = await ingestPorts(folder, clock);
  return {
    get cursor() {
      return process.get(CandleCursor, { strict: false });
    },
    publish: () => Promise.resolve(),
    restart: async () => {
      await process.close();
      process = await ingestPorts(folder, clock);
    },
    dispose: async () => {
      await process.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function fakeSubject(): Promise<Subject> {
  return Promise.resolve({
    cursor: new FakeCandleCursor(),
    publish: () => Promise.resolve(),
    restart: () => Promise.resolve(),
    dispose: () => Promise.resolve(),
  });
}

const BTC = 'BTCUSDT';
const ETH = 'ETHUSDT';
const minute = (number: number): EpochMicros => NOON + number * MINUTE;

describe.each([
  ['of a store', storeSubject],
  ['of a store that is away', awaySubject],
  ['of a process without a store', ingestSubject],
  ['the fake', fakeSubject],
])('the contract of CandleCursor: %s', (_, make) => {
  let subject: Subject;

  beforeEach(async () => {
    subject = await make();
  });

  afterEach(() => subject.dispose());

  /** Hands minutes on as candle sync does. */
  async function handOn(symbol: string, ...numbers: readonly number[]): Promise<void> {
    for (const number of numbers) await subject.publish(symbol, minute(number));
    await subject.cursor.advance(symbol, minute(numbers.at(-1)!));
  }

  const positions = (): Promise<unknown> =>
    Promise.all([BTC, ETH, '币安人生USDT'].map((symbol) => subject.cursor.position(symbol)));

  it('should know of no position before anything was handed on', async () => {
    expect(await positions()).toEqual([undefined, undefined, undefined]);
  });

  it('should stand at the last minute that was handed on, symbol by symbol', async () => {
    await handOn(BTC, 0, 1, 2);
    await handOn('币安人生USDT', 7);
    expect(await positions()).toEqual([minute(2), undefined, minute(7)]);
    await handOn(BTC, 3);
    await handOn(ETH, -5);
    expect(await positions()).toEqual([minute(3), minute(-5), minute(7)]);
  });

  it('should stand where it stood when the same minute is handed on again', async () => {
    await handOn(BTC, 0, 1);
    await handOn(BTC, 1);
    expect(await positions()).toEqual([minute(1), undefined, undefined]);
  });

  it('should go on over minutes that are not there', async () => {
    await handOn(BTC, 0);
    await handOn(BTC, 600);
    expect(await positions()).toEqual([minute(600), undefined, undefined]);
  });

  it('should be where it was after a restart', async () => {
    await handOn(BTC, 0, 1);
    await handOn('币安人生USDT', 3);
    await subject.restart();
    expect(await positions()).toEqual([minute(1), undefined, minute(3)]);
    await handOn(BTC, 2);
    await subject.restart();
    expect(await positions()).toEqual([minute(2), undefined, minute(3)]);
  });
});
