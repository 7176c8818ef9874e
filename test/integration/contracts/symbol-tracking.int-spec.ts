import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Test, type TestingModule } from '@nestjs/testing';
import { CaptureModule } from '@app/capture';
import { floorTo, HistoryStore, HOUR, MINUTE, OriginMismatchError, SECOND, SymbolTracking } from '@app/domain';
import { FakeClock, FakePorts, FakeSymbolTracking } from '@app/testing';
import { ingestPorts } from '../../support/ingest-ports';
import { NOON, ORIGIN, TestStore } from '../../support/test-store';

interface Subject {
  /** That of the process that runs now. */
  readonly tracking: SymbolTracking;
  /** Ends the process and starts another one. */
  restart(): Promise<void>;
  dispose(): Promise<void>;
}

interface StoreSubject extends Subject {
  /** Notes that the exchange does not list the symbol any more. */
  delist(symbol: string): Promise<void>;
}

/** As a process has it that keeps the history, with ledgers that begin when capture does. */
async function storeSubject(clock: FakeClock): Promise<StoreSubject> {
  const store = new TestStore();
  let process: TestingModule;
  const start = async (): Promise<void> => {
    const ports = new FakePorts(clock, { BACKFILL_DAYS: '0' });
    const capture = CaptureModule.register({ process: 'test', capture: ['candles'], imports: [ports.module()] });
    const { history } = await store.open();
    const testing = Test.createTestingModule({ imports: [capture] });
    process = await testing.overrideProvider(HistoryStore).useValue(history).compile();
  };
  await start();
  return {
    get tracking() {
      return process.get(SymbolTracking, { strict: false });
    },
    delist: (symbol) => store.opened.history.saveDelisted([symbol]),
    restart: async () => {
      await process.close();
      await store.close();
      await start();
    },
    dispose: async () => {
      await process.close();
      await store.dispose();
    },
  };
}

async function ingestSubject(clock: FakeClock): Promise<Subject> {
  const folder = mkdtempSync(join(tmpdir(), 'csp-tracking-'));
  let process = await ingestPorts(folder, clock);
  return {
    get tracking() {
      return process.get(SymbolTracking, { strict: false });
    },
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

function fakeSubject(clock: FakeClock): Promise<Subject> {
  return Promise.resolve({
    tracking: new FakeSymbolTracking(clock),
    restart: () => Promise.resolve(),
    dispose: () => Promise.resolve(),
  });
}

const BTC = 'BTCUSDT';
const ETH = 'ETHUSDT';
const NOW = NOON + 7 * SECOND;

interface Given<S extends Subject> {
  readonly clock: FakeClock;
  readonly subject: S;
}

function contractOf<S extends Subject>(make: (clock: FakeClock) => Promise<S>): () => Given<S> {
  let clock: FakeClock;
  let subject: S;

  beforeEach(async () => {
    clock = new FakeClock(NOW);
    subject = await make(clock);
  });

  afterEach(() => subject.dispose());

  const known = async (): Promise<readonly string[]> => [...(await subject.tracking.known())].sort();

  it('should know of no symbol before the exchange has answered for one', async () => {
    expect(await subject.tracking.frame(BTC)).toBeUndefined();
    expect(await known()).toEqual([]);
  });

  it('should track a symbol since it was first answered for, and account for it from that minute on', async () => {
    const frame = { symbol: BTC, trackedSince: NOW, ledgerStart: NOON };
    expect(await subject.tracking.ensure(BTC, ORIGIN)).toEqual(frame);
    expect(await subject.tracking.frame(BTC)).toEqual(frame);
    expect(await subject.tracking.frame(ETH)).toBeUndefined();
    expect(await known()).toEqual([BTC]);
  });

  it('should leave what holds as it is, whenever the symbol is answered for again', async () => {
    const frame = await subject.tracking.ensure(BTC, ORIGIN);
    clock.advance(HOUR);
    expect(await subject.tracking.ensure(BTC, ORIGIN)).toEqual(frame);
    expect(await subject.tracking.ensure(BTC, ORIGIN, NOON - HOUR)).toEqual(frame);
    expect(await subject.tracking.frame(BTC)).toEqual(frame);
  });

  it('should account for a symbol that was just listed from its first minute on', async () => {
    const listedAt = NOON - 5 * MINUTE;
    const frame = { symbol: BTC, trackedSince: NOW, ledgerStart: listedAt };
    expect(await subject.tracking.ensure(BTC, ORIGIN, listedAt)).toEqual(frame);
    expect(await subject.tracking.frame(BTC)).toEqual(frame);
  });

  it('should keep symbols apart', async () => {
    const names = [ETH, '币安人生USDT', BTC];
    for (const symbol of names) {
      await subject.tracking.ensure(symbol, ORIGIN);
      clock.advance(MINUTE);
    }
    expect(await known()).toEqual([...names].sort());
    for (const [index, symbol] of names.entries()) {
      const trackedSince = NOW + index * MINUTE;
      const frame = { symbol, trackedSince, ledgerStart: floorTo(trackedSince, MINUTE) };
      expect(await subject.tracking.frame(symbol)).toEqual(frame);
    }
  });

  it('should know after a restart what it knew before', async () => {
    const frames = [
      await subject.tracking.ensure(BTC, ORIGIN),
      await subject.tracking.ensure(ETH, ORIGIN, NOON - 3 * MINUTE),
    ];
    clock.advance(HOUR);
    await subject.restart();
    expect(await known()).toEqual([BTC, ETH]);
    expect([await subject.tracking.frame(BTC), await subject.tracking.ensure(ETH, ORIGIN)]).toEqual(frames);
  });

  it('should have what holds at hand again for a symbol that was forgotten, and touch no other', async () => {
    const [, other] = [await subject.tracking.ensure(BTC, ORIGIN), await subject.tracking.ensure(ETH, ORIGIN)];
    subject.tracking.forget(BTC);
    subject.tracking.forget('NOSUCHPAIR');
    clock.advance(HOUR);
    const frame = await subject.tracking.ensure(BTC, ORIGIN);
    expect(await subject.tracking.frame(BTC)).toEqual(frame);
    expect(await subject.tracking.frame(ETH)).toEqual(other);
    expect(await known()).toEqual([BTC, ETH]);
  });

  return () => ({ clock, subject });
}

describe('the contract of SymbolTracking: kept in the store', () => {
  const given = contractOf(storeSubject);

  it('should track nothing that an exchange of another origin has answered for', async () => {
    const { tracking } = given().subject;
    const frame = await tracking.ensure(BTC, ORIGIN);
    const error: unknown = await tracking.ensure(ETH, 'simulator:other').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OriginMismatchError);
    expect(error).toMatchObject({ stored: ORIGIN, offered: 'simulator:other' });
    expect(await tracking.frame(ETH)).toBeUndefined();
    expect(await tracking.frame(BTC)).toEqual(frame);
  });

  it('should not count among the known what the exchange has delisted', async () => {
    const { subject } = given();
    for (const symbol of [BTC, ETH]) await subject.tracking.ensure(symbol, ORIGIN);
    await subject.delist(BTC);
    expect(await subject.tracking.known()).toEqual([ETH]);
  });
});

describe.each([
  ['kept by a process without a store', ingestSubject],
  ['the fake', fakeSubject],
])('the contract of SymbolTracking: %s', (_, make) => {
  const given = contractOf(make);

  it('should remember nothing of a symbol that was forgotten', async () => {
    const { tracking } = given().subject;
    await tracking.ensure(BTC, ORIGIN);
    tracking.forget(BTC);
    expect(await tracking.frame(BTC)).toBeUndefined();
    expect(await tracking.known()).toEqual([]);
  });

  it('should not wait for a begin that a clock which was ahead has noted', async () => {
    const { clock, subject } = given();
    clock.step(26 * HOUR);
    await subject.tracking.ensure(BTC, ORIGIN);
    clock.step(-26 * HOUR);
    const frame = { symbol: BTC, trackedSince: NOW, ledgerStart: NOON };
    expect(await subject.tracking.ensure(BTC, ORIGIN)).toEqual(frame);
    clock.advance(HOUR);
    expect(await subject.tracking.frame(BTC)).toEqual(frame);
  });
});
