import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { OutgoingEvent } from '@app/domain';
import { openKindSpools, openSpool, Spool } from '@app/messaging';
import { describeSmallDisk, SmallDisk } from '../support/small-disk';

const KINDS = ['price', 'candle'] as const;
const ORIGIN = 'simulator:test';
const MAX_BYTES = 16 * 1_048_576;
const DISK_BYTES = 6 * 1_048_576;
const BALLAST_BYTES = 1_048_576;

function event(number: number, symbol = 'BTCUSDT', padding = 0): OutgoingEvent {
  const value = JSON.stringify({ n: number, p: 'x'.repeat(padding) });
  return { kind: 'price', symbol, capturedAt: number * 1_000, value };
}

function drain(spool: Spool): number[] {
  const taken: number[] = [];
  for (let read = spool.next(500); read; read = spool.next(500)) {
    taken.push(...read.batch.events.map(({ capturedAt }) => capturedAt / 1_000));
    spool.acknowledge(read);
  }
  return taken;
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Bytes that a file really has on the disk. */
const blocksOf = (path: string) => (statSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * 512;

describeSmallDisk('a spool on a full disk', () => {
  let disk: SmallDisk;
  let folder: string;
  const open: Spool[] = [];

  function openHere(): Spool {
    const spool = openSpool({ folder, maxBytes: MAX_BYTES, kinds: KINDS });
    open.push(spool);
    return spool;
  }

  function close(spool: Spool): void {
    open.splice(open.indexOf(spool), 1);
    spool.close();
  }

  beforeEach(() => {
    disk = new SmallDisk(DISK_BYTES);
    folder = join(disk.folder, 'ingest/spool');
  });

  afterEach(() => {
    jest.useRealTimers();
    for (const spool of open.splice(0)) spool.close();
    disk.close();
  });

  it('should hold real blocks ready while there is room', () => {
    openHere();
    expect(blocksOf(join(folder, 'ballast'))).toBeGreaterThanOrEqual(BALLAST_BYTES);
    expect(blocksOf(join(folder, 'ballast.note'))).toBeGreaterThanOrEqual(BALLAST_BYTES / 4);
  });

  it.each([
    ['a few', 246, 0],
    ['a single one', 1, 5_000],
    ['as many as fit', 450, 2_000],
  ])('should lose nothing of what is in memory at the end: %s', (_, count, padding) => {
    const spool = openHere();
    spool.append({ origin: ORIGIN, events: [event(1)] });
    disk.fill();
    // The first few may fit into a block that is there already.
    const places = numbers(2, count + 1).map((number) =>
      spool.append({ origin: ORIGIN, events: [event(number, 'BTCUSDT', padding)] }),
    );
    expect(places.at(-1)).toBe('memory');
    close(spool);
    expect(disk.freeBytes).toBeLessThan(BALLAST_BYTES);
    disk.free();
    const after = openHere();
    expect(after.lost).toEqual([]);
    expect(drain(after)).toEqual(numbers(1, count + 1));
  });

  it.each([
    ['one symbol', ['BTCUSDT']],
    ['two symbols', ['BTCUSDT', 'ETHUSDT']],
    ['a thousand symbols', Array.from({ length: 1_000 }, (_, index) => `S${index}USDT`)],
  ])('should list exactly what it could not keep, by symbol, count and time: %s', (_, symbols) => {
    const spool = openHere();
    disk.fill();
    const rounds = Math.ceil(4_000 / symbols.length);
    const all = numbers(1, rounds * symbols.length).map((number) =>
      event(number, symbols[number % symbols.length], 1_000),
    );
    for (let start = 0; start < all.length; start += 500) {
      spool.append({ origin: ORIGIN, events: all.slice(start, start + 500) });
    }
    expect(spool.lost).toEqual([]);
    close(spool);
    disk.free();
    const after = openHere();
    const kept = drain(after);
    expect(kept).toEqual(numbers(1, kept.length));
    expect(kept.length).toBeGreaterThan(500);
    const expected = new Map<string, { from: number; to: number; events: number }>();
    for (const { symbol, capturedAt } of all.slice(kept.length)) {
      const { from = capturedAt, events = 0 } = expected.get(symbol) ?? {};
      expected.set(symbol, { from, to: capturedAt, events: events + 1 });
    }
    expect(new Map(after.lost.map(({ symbol, from, to, events }) => [symbol, { from, to, events }]))).toEqual(expected);
  });

  it('should keep the account of losses that came before the end, where not one event more fits', () => {
    const spool = Spool.open({ folder, maxBytes: MAX_BYTES, kinds: KINDS, memoryMaxBytes: 2_000 });
    disk.fill();
    for (const number of numbers(1, 40)) spool.append({ origin: ORIGIN, events: [event(number)] });
    const before = spool.lost;
    expect(before[0]?.events).toBeGreaterThan(0);
    rmSync(join(folder, 'ballast'));
    disk.fill();
    spool.close();
    disk.free();
    const after = openHere();
    expect(after.waitingEvents).toBe(0);
    expect(after.lost).toEqual([{ kind: 'price', symbol: 'BTCUSDT', from: 1_000, to: 40_000, events: 40 }]);
  });

  it('should take the room again when there is some, at the start and while it runs', () => {
    const first = openHere();
    disk.fill();
    first.append({ origin: ORIGIN, events: [event(1)] });
    close(first);
    jest.useFakeTimers({ doNotFake: ['performance'] });
    const second = openHere();
    expect(blocksOf(join(folder, 'ballast'))).toBe(0);
    jest.advanceTimersByTime(60_000);
    expect(blocksOf(join(folder, 'ballast'))).toBe(0);
    disk.free();
    jest.advanceTimersByTime(10_000);
    expect(blocksOf(join(folder, 'ballast'))).toBeGreaterThanOrEqual(BALLAST_BYTES);
    expect(drain(second)).toEqual([1]);
    close(second);
    expect(readdirSync(folder).filter((name) => name.endsWith('.next'))).toEqual([]);
  });

  it('should not take the last room that others need', () => {
    close(openHere());
    for (const name of ['ballast', 'ballast.note']) rmSync(join(folder, name));
    disk.fill(1.5 * BALLAST_BYTES);
    openHere();
    expect(blocksOf(join(folder, 'ballast'))).toBe(0);
    expect(disk.freeBytes).toBeGreaterThan(BALLAST_BYTES);
  });

  it('should lose nothing of either kind with a broker, and share no room between them', () => {
    const spools = openKindSpools({ folder, maxBytes: MAX_BYTES, kinds: KINDS });
    disk.fill();
    for (const number of numbers(1, 300)) {
      spools.byKind.price.append({ origin: ORIGIN, events: [event(number)] });
      spools.byKind.candle.append({ origin: ORIGIN, events: [{ ...event(number), kind: 'candle' }] });
    }
    for (const spool of Object.values(spools.byKind)) spool.close();
    spools.release();
    disk.free();
    const after = openKindSpools({ folder, maxBytes: MAX_BYTES, kinds: KINDS });
    for (const spool of Object.values(after.byKind)) {
      expect(spool.lost).toEqual([]);
      expect(drain(spool)).toEqual(numbers(1, 300));
      spool.close();
    }
    after.release();
  });

  it.each([0, 5, 49])(
    'should take over the spool of the version before without any room, %i of it handed on',
    (done) => {
      const old = Spool.open({ folder, maxBytes: MAX_BYTES, kinds: KINDS, ballastBytes: 0 });
      old.append({ origin: ORIGIN, events: numbers(1, 50).map((number) => event(number)) });
      const read = done > 0 ? old.next(done) : undefined;
      if (read) old.acknowledge(read);
      old.close();
      disk.fill();
      const after = openKindSpools({ folder, maxBytes: MAX_BYTES, kinds: KINDS });
      const taken = drain(after.byKind.price);
      // Where there is no room to note it, what was handed on is handed on again.
      expect(taken).toEqual(numbers(51 - taken.length, 50));
      expect(taken.length).toBeGreaterThanOrEqual(50 - done);
      for (const spool of Object.values(after.byKind)) spool.close();
      after.release();
    },
  );
});
