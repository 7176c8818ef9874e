import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openKindSpools, openSpool, Spool } from '@app/messaging';
import type { OutgoingEvent } from '@app/domain';
import { describeSmallDisk, SmallDisk } from '../support/small-disk';

const KINDS = ['price', 'candle'] as const;
type EventKind = (typeof KINDS)[number];
const ORIGIN = 'simulator:test';
const MAX_BYTES = 16 * 1_048_576;
const DISK_BYTES = 6 * 1_048_576;

function event(number: number, kind: EventKind = 'price'): OutgoingEvent {
  return { kind, symbol: 'BTCUSDT', capturedAt: number * 1_000, value: `{"n":${number}}` };
}

function drain(spool: Spool): number[] {
  const taken: number[] = [];
  for (let read = spool.next(500); read; read = spool.next(500)) {
    taken.push(...read.batch.events.map(({ capturedAt }) => capturedAt / 1_000));
    spool.acknowledge(read);
  }
  return taken;
}

/** A file system that was mounted read-only, as after an error, when a process starts. */
describeSmallDisk('a spool on a read-only disk', () => {
  let disk: SmallDisk;
  let folder: string;
  let warnings: string[];

  beforeEach(() => {
    disk = new SmallDisk(DISK_BYTES);
    folder = join(disk.folder, 'ingest/spool');
    warnings = [];
    jest.useFakeTimers({ doNotFake: ['performance'] });
  });

  afterEach(() => {
    jest.useRealTimers();
    disk.close();
  });

  const open = (): Spool =>
    openSpool({ folder, maxBytes: MAX_BYTES, kinds: KINDS, warn: (message) => warnings.push(message) });

  function append(spool: Spool, ...numbers: number[]): string[] {
    return numbers.map((number) => spool.append({ origin: ORIGIN, events: [event(number)] }));
  }

  it('should hold events in memory, say why, and bring them to disk as soon as it can, behind what was there', () => {
    const before = open();
    append(before, 1, 2);
    before.close();
    disk.setReadOnly(true);
    const spool = open();
    expect(append(spool, 3, 4)).toEqual(['memory', 'memory']);
    expect(spool.writeFault).toBe('EROFS: read-only file system');
    expect(spool.waitingEvents).toBe(2);
    expect(warnings).toEqual([expect.stringContaining('held in memory: EROFS: read-only file system')]);
    jest.advanceTimersByTime(5_000);
    expect(spool.waitingEvents).toBe(2);
    disk.setReadOnly(false);
    jest.advanceTimersByTime(1_000);
    expect(spool.writeFault).toBe('');
    expect(append(spool, 5)).toEqual(['disk']);
    expect(drain(spool)).toEqual([1, 2, 3, 4, 5]);
    expect(spool.lost).toEqual([]);
    spool.close();
  });

  it('should go to its folder with the next event, not only after a second', () => {
    disk.setReadOnly(true);
    const spool = open();
    append(spool, 1);
    disk.setReadOnly(false);
    expect(append(spool, 2)).toEqual(['disk']);
    expect(drain(spool)).toEqual([1, 2]);
    spool.close();
  });

  it('should take over what a spool of an earlier version left once it can', () => {
    const old = Spool.open({ folder, maxBytes: MAX_BYTES, kinds: KINDS, ballastBytes: 0 });
    old.append({ origin: ORIGIN, events: [event(1), event(2, 'candle')] });
    old.close();
    disk.setReadOnly(true);
    const spools = openKindSpools({ folder, maxBytes: MAX_BYTES, kinds: KINDS });
    spools.byKind.price.append({ origin: ORIGIN, events: [event(3)] });
    spools.byKind.candle.append({ origin: ORIGIN, events: [event(4, 'candle')] });
    disk.setReadOnly(false);
    jest.advanceTimersByTime(1_000);
    expect(drain(spools.byKind.price)).toEqual([1, 3]);
    expect(drain(spools.byKind.candle)).toEqual([2, 4]);
    for (const spool of Object.values(spools.byKind)) spool.close();
    spools.release();
  });

  it('should leave the folder to the next process when it ends without having been there', () => {
    disk.setReadOnly(true);
    const first = open();
    append(first, 1);
    first.close();
    expect(warnings.at(-1)).toContain('the account of lost events could not be written');
    disk.setReadOnly(false);
    const next = open();
    jest.advanceTimersByTime(60_000);
    expect(existsSync(join(folder, 'ballast'))).toBe(true);
    append(next, 2);
    expect(drain(next)).toEqual([2]);
    next.close();
  });
});
