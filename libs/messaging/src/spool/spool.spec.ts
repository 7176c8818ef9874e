import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { OutgoingEvent } from '@app/domain';
import { writeFully } from '@app/files';
import { FolderLockedError } from './folder-lock';
import { LossRecord } from './loss-record';
import { Spool, type SpoolOptions } from './spool';

const KINDS = ['price', 'candle'];
const ORIGIN = 'simulator:test';

function event(number: number, symbol = 'BTCUSDT', padding = ''): OutgoingEvent {
  return { kind: 'price', symbol, capturedAt: number * 1_000, value: `{"n":${number},"p":"${padding}"}` };
}

function numberOf({ value }: OutgoingEvent): number {
  return (JSON.parse(value) as { n: number }).n;
}

function numbers(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

/** Takes everything out of the spool, acknowledged. */
function drain(spool: Spool, maxEvents = 10): number[] {
  const taken: number[] = [];
  for (let read = spool.next(maxEvents); read; read = spool.next(maxEvents)) {
    taken.push(...read.batch.events.map(numberOf));
    spool.acknowledge(read);
  }
  return taken;
}

describe('Spool', () => {
  let root: string;
  let folder: string;
  const open: Spool[] = [];

  function openSpool(options: Partial<SpoolOptions> = {}): Spool {
    const spool = Spool.open({ folder, maxBytes: 1_048_576, kinds: KINDS, ...options });
    open.push(spool);
    return spool;
  }

  function close(spool: Spool): void {
    open.splice(open.indexOf(spool), 1);
    spool.close();
  }

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'spool-'));
    folder = join(root, 'spool');
  });

  afterEach(() => {
    for (const spool of open.splice(0)) spool.close();
    rmSync(root, { recursive: true, force: true });
  });

  it('hands events on in order, with their origin, and leaves no segment behind', () => {
    const spool = openSpool();
    spool.append({ origin: ORIGIN, events: numbers(1, 25).map((number) => event(number)) });
    expect(spool.waitingEvents).toBe(25);
    expect(spool.waitingBytes).toBeGreaterThan(0);
    expect(drain(spool)).toEqual(numbers(1, 25));
    expect([spool.waitingEvents, spool.waitingBytes]).toEqual([0, 0]);
    expect(readdirSync(folder).filter((name) => name.endsWith('.jsonl'))).toEqual([]);
  });

  it('keeps events byte for byte, line feeds and other scripts included', () => {
    const spool = openSpool();
    const odd: OutgoingEvent = { kind: 'candle', symbol: '币安人生USDT', capturedAt: 5, value: '{"a":"\n\u2028é"}' };
    spool.append({ origin: ORIGIN, events: [odd] });
    expect(spool.next(1)?.batch).toEqual({ origin: ORIGIN, events: [expect.objectContaining(odd) as unknown] });
  });

  it('never mixes origins in one read', () => {
    const spool = openSpool();
    spool.append({ origin: 'a', events: [event(1), event(2)] });
    spool.append({ origin: 'b', events: [event(3)] });
    const first = spool.next(10);
    expect([first?.batch.origin, first?.batch.events.map(numberOf)]).toEqual(['a', [1, 2]]);
    if (first) spool.acknowledge(first);
    expect(spool.next(10)?.batch.origin).toBe('b');
  });

  it('offers released events again', () => {
    const spool = openSpool();
    spool.append({ origin: ORIGIN, events: numbers(1, 3).map((number) => event(number)) });
    spool.next(2);
    spool.release();
    expect(drain(spool)).toEqual([1, 2, 3]);
  });

  it('goes on after a restart where it was', () => {
    const before = openSpool();
    before.append({ origin: ORIGIN, events: numbers(1, 10).map((number) => event(number)) });
    const read = before.next(4);
    if (read) before.acknowledge(read);
    close(before);
    const after = openSpool();
    expect(after.waitingEvents).toBe(6);
    after.append({ origin: ORIGIN, events: [event(11)] });
    expect(drain(after)).toEqual(numbers(5, 7));
  });

  it('does not take a later segment for the one that a stale cursor names', () => {
    const before = openSpool();
    before.append({ origin: ORIGIN, events: numbers(1, 4).map((number) => event(number)) });
    const read = before.next(3);
    if (read) before.acknowledge(read);
    expect(drain(before)).toEqual([4]);
    close(before);
    const after = openSpool();
    after.append({ origin: ORIGIN, events: [event(5), event(6)] });
    close(after);
    expect(drain(openSpool())).toEqual([5, 6]);
  });

  it('cuts a torn last line and skips damage inside', () => {
    const before = openSpool();
    before.append({ origin: ORIGIN, events: numbers(1, 3).map((number) => event(number)) });
    close(before);
    const [name] = readdirSync(folder).filter((file) => file.endsWith('.jsonl'));
    const path = join(folder, name!);
    const lines = readFileSync(path, 'utf8').split('\n');
    lines[1] = '\0'.repeat(40);
    writeFileSync(path, `${lines.join('\n')}{"origin":"sim`);
    const warnings: string[] = [];
    const after = openSpool({ warn: (message) => warnings.push(message) });
    after.append({ origin: ORIGIN, events: [event(4)] });
    expect(drain(after)).toEqual([1, 3, 4]);
    expect(warnings).toEqual([expect.stringContaining('unreadable line')]);
  });

  it('gives up the oldest events when full, counts them per symbol and still says so after a restart', () => {
    const spool = openSpool({ maxBytes: 8_192 });
    for (const number of numbers(1, 200)) {
      spool.append({ origin: ORIGIN, events: [event(number, number % 2 === 0 ? 'EVEN' : 'ODD')] });
    }
    const { lost, waitingEvents } = spool;
    const lostEvents = lost.reduce((sum, { events }) => sum + events, 0);
    expect(lostEvents + waitingEvents).toBe(200);
    expect(lost).toContainEqual({
      kind: 'price',
      symbol: 'ODD',
      from: 1_000,
      to: expect.any(Number) as number,
      events: expect.any(Number) as number,
    });
    close(spool);
    const size = readdirSync(folder)
      .filter((name) => name.endsWith('.jsonl'))
      .reduce((sum, name) => sum + readFileSync(join(folder, name)).length, 0);
    expect(size).toBeLessThanOrEqual(8_192);
    const after = openSpool({ maxBytes: 8_192 });
    expect(after.lost).toEqual(lost);
    expect(drain(after)).toEqual(numbers(lostEvents + 1, waitingEvents));
  });

  it('counts each event as lost or waiting when it is killed in the moment in which it gives up some', () => {
    const killed = join(root, 'killed');
    let before = 0;
    const spool = openSpool({
      maxBytes: 8_192,
      write: (handle, bytes, position) => {
        if (spool.lost.length > 0 && !existsSync(killed)) cpSync(folder, killed, { recursive: true });
        if (!existsSync(killed)) before += 1;
        writeFully(handle, bytes, position);
      },
    });
    for (const number of numbers(1, 200)) spool.append({ origin: ORIGIN, events: [event(number)] });
    const heir = openSpool({ folder: killed });
    expect(heir.lost[0]?.events).toBeGreaterThan(0);
    expect(heir.waitingEvents + (heir.lost[0]?.events ?? 0)).toBe(before);
  });

  it('says apart what was lost in two outages, and what was handed on between them is in neither', () => {
    const spool = openSpool({ maxBytes: 8_192 });
    const outage = (from: number): void => {
      for (const number of numbers(from, 200)) spool.append({ origin: ORIGIN, events: [event(number)] });
    };
    outage(1);
    const taken = drain(spool);
    outage(1_001);
    taken.push(...drain(spool));
    const spans = spool.lost.map(({ from, to, events }) => ({ from: from / 1_000, to: to / 1_000, events }));
    const [first, second] = spans.map(({ events }) => events);
    expect(spans).toEqual([
      { from: 1, to: first, events: first },
      { from: 1_001, to: 1_000 + second!, events: second },
    ]);
    expect(taken).toEqual([...numbers(first! + 1, 200 - first!), ...numbers(1_001 + second!, 200 - second!)]);
  });

  it('keeps a bounded account of any number of losses, in which every event counts', () => {
    const record = new LossRecord();
    for (const number of numbers(1, 500)) {
      record.addEvent(event(number));
      record.handedOn();
    }
    const spans = record.spans();
    expect(spans).toHaveLength(10);
    expect(spans.reduce((sum, { events }) => sum + events, 0)).toBe(500);
    expect([spans[0], spans.at(-1)]).toEqual([
      { kind: 'price', symbol: 'BTCUSDT', from: 1_000, to: 491_000, events: 491 },
      { kind: 'price', symbol: 'BTCUSDT', from: 500_000, to: 500_000, events: 1 },
    ]);
  });

  it('counts as lost what it could not bring to disk before it ended', () => {
    const spool = openSpool({
      ballastBytes: 0,
      write: () => {
        throw new Error('no space left on device');
      },
    });
    spool.append({ origin: ORIGIN, events: numbers(3, 2).map((number) => event(number)) });
    close(spool);
    expect(openSpool().lost).toEqual([{ kind: 'price', symbol: 'BTCUSDT', from: 3_000, to: 4_000, events: 2 }]);
  });

  it('does not give up the events that are being handed on', () => {
    const spool = openSpool({ maxBytes: 8_192 });
    spool.append({ origin: ORIGIN, events: numbers(1, 5).map((number) => event(number)) });
    const read = spool.next(5);
    for (const number of numbers(6, 200)) spool.append({ origin: ORIGIN, events: [event(number)] });
    expect(read?.batch.events.map(numberOf)).toEqual(numbers(1, 5));
    if (read) spool.acknowledge(read);
    const lost = spool.lost.reduce((sum, { events }) => sum + events, 0);
    expect(drain(spool).length).toBe(200 - lost);
    expect(spool.lost[0]?.from).toBeGreaterThan(5_000);
  });

  it('holds events in memory while the disk takes none, drops the oldest beyond the bound, and keeps the order', () => {
    let full = false;
    const warnings: string[] = [];
    const spool = openSpool({
      memoryMaxBytes: 1_000,
      warn: (message) => warnings.push(message),
      write: (handle, bytes, position) => {
        if (full) {
          writeFully(handle, bytes.subarray(0, 10), position);
          throw new Error('no space left on device');
        }
        writeFully(handle, bytes, position);
      },
    });
    expect(spool.append({ origin: ORIGIN, events: [event(1)] })).toBe('disk');
    full = true;
    expect(spool.append({ origin: ORIGIN, events: [event(2)] })).toBe('memory');
    for (const number of numbers(3, 30)) spool.append({ origin: ORIGIN, events: [event(number)] });
    expect(spool.writeFault).toContain('no space left');
    expect(warnings).toHaveLength(1);
    const lost = spool.lost.reduce((sum, { events }) => sum + events, 0);
    expect(lost).toBeGreaterThan(0);
    expect(spool.waitingEvents).toBe(32 - lost);
    full = false;
    expect(spool.append({ origin: ORIGIN, events: [event(33)] })).toBe('disk');
    expect(spool.writeFault).toBe('');
    close(spool);
    const after = openSpool();
    expect(after.lost).toEqual([
      { kind: 'price', symbol: 'BTCUSDT', from: 2_000, to: (lost + 1) * 1_000, events: lost },
    ]);
    expect(drain(after)).toEqual([1, ...numbers(lost + 2, 32 - lost)]);
  });

  it('hands on what is held in memory when nothing is on disk', () => {
    const spool = openSpool({
      write: () => {
        throw new Error('no space left on device');
      },
    });
    spool.append({ origin: ORIGIN, events: numbers(1, 5).map((number) => event(number)) });
    expect(drain(spool, 2)).toEqual([1, 2, 3, 4, 5]);
    expect(spool.waitingBytes).toBe(0);
  });

  it('hands all of it on again when its cursor is damaged, and says when its account of losses is', () => {
    const before = openSpool();
    before.append({ origin: ORIGIN, events: numbers(1, 5).map((number) => event(number)) });
    const read = before.next(2);
    if (read) before.acknowledge(read);
    close(before);
    writeFileSync(join(folder, 'cursor.json'), '{"segment":');
    writeFileSync(join(folder, 'losses.json'), '');
    const warnings: string[] = [];
    const after = openSpool({ warn: (message) => warnings.push(message) });
    expect(warnings).toEqual([expect.stringContaining('losses.json'), expect.stringContaining('cursor.json')]);
    expect(after.lost).toEqual([]);
    expect(drain(after)).toEqual(numbers(1, 5));
  });

  it('goes on when a segment was removed by somebody else', () => {
    const warnings: string[] = [];
    const spool = openSpool({ maxBytes: 4_096, warn: (message) => warnings.push(message) });
    for (const number of numbers(1, 20)) spool.append({ origin: ORIGIN, events: [event(number)] });
    const [oldest] = readdirSync(folder)
      .filter((name) => name.endsWith('.jsonl'))
      .sort();
    rmSync(join(folder, oldest!));
    expect(drain(spool)).toEqual(numbers(1, 20));
    expect(warnings).toEqual([expect.stringContaining('cannot be removed')]);
  });

  it('is refused to a second process while the first lives', () => {
    openSpool();
    expect(() => Spool.open({ folder, maxBytes: 1_048_576, kinds: KINDS })).toThrow(FolderLockedError);
    const script = `new (require('better-sqlite3'))(process.argv[1], { timeout: 0 }).exec('BEGIN EXCLUSIVE')`;
    const other = spawnSync(process.execPath, ['-e', script, join(folder, 'lock.db')], { encoding: 'utf8' });
    expect(other.stderr).toContain('database is locked');
    close(open[0]!);
    expect(() => openSpool()).not.toThrow();
  });

  it('is refused to a second process through a link to the folder', () => {
    openSpool();
    symlinkSync(folder, join(root, 'link'));
    symlinkSync(join(root, 'link'), join(root, 'link-to-link'));
    for (const name of ['link', 'link-to-link', 'link/../link']) {
      expect(() => Spool.open({ folder: join(root, name), maxBytes: 1_048_576, kinds: KINDS })).toThrow(
        FolderLockedError,
      );
    }
  });

  describe('when its lock file is removed', () => {
    const LOOK_AGAIN_MS = 10_000;

    beforeEach(() => {
      jest.useFakeTimers({ doNotFake: ['performance'] });
    });

    afterEach(() => {
      jest.useRealTimers();
    });

    it('makes it again and keeps others out', () => {
      const warnings: string[] = [];
      openSpool({ warn: (message) => warnings.push(message) });
      rmSync(join(folder, 'lock.db'));
      jest.advanceTimersByTime(LOOK_AGAIN_MS);
      expect(warnings).toEqual([
        expect.stringMatching(/lock\.db was removed while in use: it was made and locked again/),
      ]);
      expect(() => Spool.open({ folder, maxBytes: 1_048_576, kinds: KINDS })).toThrow(FolderLockedError);
      jest.advanceTimersByTime(LOOK_AGAIN_MS);
      expect(warnings).toHaveLength(1);
    });

    it('writes nothing more into a folder that another process has taken since, and loses nothing', () => {
      const warnings: string[] = [];
      const spool = openSpool({ warn: (message) => warnings.push(message) });
      spool.append({ origin: ORIGIN, events: numbers(1, 3).map((number) => event(number)) });
      rmSync(join(folder, 'lock.db'));
      const other = openSpool();
      jest.advanceTimersByTime(LOOK_AGAIN_MS);
      expect(warnings).toEqual([expect.stringMatching(/another process has taken the folder; stop one of the two/)]);
      // What was on disk is the other's; what comes is held in memory and handed on from there.
      expect(spool.append({ origin: ORIGIN, events: [event(4)] })).toBe('memory');
      expect(spool.writeFault).toContain('is in use by another process');
      expect(drain(spool)).toEqual([4]);
      expect(drain(other)).toEqual([1, 2, 3]);
    });
  });

  it('loses no appended event and reorders none, wherever the process is killed', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 1, max: 12 }), size: fc.nat(300) }),
      fc.record({ do: fc.constant('take' as const), count: fc.integer({ min: 1, max: 15 }) }),
      fc.record({ do: fc.constant('crash' as const), cut: fc.double({ min: 0, max: 1, noNaN: true }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let live = mkdtempSync(join(root, 'run-'));
        let spool = Spool.open({ folder: live, maxBytes: 100_000_000, kinds: KINDS });
        const taken: number[] = [];
        let appended = 0;
        for (const current of steps) {
          if (current.do === 'append') {
            const events = numbers(appended + 1, current.count).map((n) =>
              event(n, 'BTCUSDT', 'x'.repeat(current.size)),
            );
            expect(spool.append({ origin: ORIGIN, events })).toBe('disk');
            appended += current.count;
          } else if (current.do === 'take') {
            const read = spool.next(current.count);
            taken.push(...(read?.batch.events.map(numberOf) ?? []));
            if (read) spool.acknowledge(read);
          } else {
            // What a killed process leaves: the folder as it is, with a part of one more append at the end.
            const torn = mkdtempSync(join(root, 'torn-'));
            spool.append({ origin: ORIGIN, events: [event(appended + 1), event(appended + 2)] });
            cpSync(live, torn, { recursive: true });
            const name = readdirSync(torn)
              .filter((file) => file.endsWith('.jsonl'))
              .sort()
              .at(-1)!;
            const path = join(torn, name);
            const text = readFileSync(path, 'utf8');
            const unfinished = text.split('\n').slice(-3, -1).join('\n').length + 1;
            truncateSync(path, text.length - Math.ceil(unfinished * current.cut));
            spool.close();
            live = torn;
            spool = Spool.open({ folder: live, maxBytes: 100_000_000, kinds: KINDS });
            // Complete lines of the unfinished append may be there: they were received.
            if (current.cut === 0) appended += 2;
            else if (text.length - Math.ceil(unfinished * current.cut) >= text.lastIndexOf('\n', text.length - 2) + 1) {
              appended += 1;
            }
          }
        }
        taken.push(...drain(spool, 7));
        spool.close();
        expect(taken).toEqual(numbers(1, appended));
      }),
      { numRuns: 100 },
    );
  });
});
