import { cpSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OutgoingEvent } from '@app/domain';
import { FolderLockedError } from './folder-lock';
import { openKindSpools, openSpool, type KindSpools } from './open-spools';
import { Spool } from './spool';

const KINDS = ['price', 'candle'] as const;
type EventKind = (typeof KINDS)[number];
const ORIGIN = 'simulator:test';
const MAX_BYTES = 1_048_576;

function event(number: number, kind: EventKind): OutgoingEvent {
  return { kind, symbol: 'BTCUSDT', capturedAt: number * 1_000, value: `{"n":${number}}` };
}

/** Prices are even, candles odd, as one spool of the version before has them. */
function mixed(from: number, to: number): OutgoingEvent[] {
  const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  return numbers.map((number) => event(number, number % 2 === 0 ? 'price' : 'candle'));
}

function drain(spool: Spool, most = Infinity): number[] {
  const taken: number[] = [];
  for (let read = spool.next(3); read; read = spool.next(3)) {
    taken.push(...read.batch.events.map(({ value }) => (JSON.parse(value) as { n: number }).n));
    spool.acknowledge(read);
    if (taken.length >= most) break;
  }
  return taken;
}

const odd = (from: number, to: number) =>
  mixed(from, to).flatMap(({ capturedAt: at }) => (at % 2_000 ? at / 1_000 : []));
const even = (from: number, to: number) =>
  mixed(from, to).flatMap(({ capturedAt: at }) => (at % 2_000 ? [] : at / 1_000));

describe('spools of one folder', () => {
  let root: string;
  let folder: string;
  let open: { close(): void }[];

  /** The spool of the version before: one for all kinds. */
  function earlier(maxBytes = MAX_BYTES): Spool {
    return Spool.open({ folder, maxBytes, kinds: KINDS, ballastBytes: 0 });
  }

  function kinds(place = folder, maxBytes = MAX_BYTES): KindSpools<EventKind> & { close(): void } {
    const spools = openKindSpools({ folder: place, maxBytes, kinds: KINDS });
    const close = (): void => {
      for (const kind of KINDS) spools.byKind[kind].close();
      spools.release();
    };
    open.push({ close });
    return { ...spools, close };
  }

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'spools-'));
    folder = join(root, 'spool');
    open = [];
  });

  afterEach(() => {
    for (const each of open) each.close();
    rmSync(root, { recursive: true, force: true });
  });

  it('keep each kind apart, over a restart with both of them full', () => {
    const before = kinds();
    for (const one of mixed(1, 20)) before.byKind[one.kind as EventKind].append({ origin: ORIGIN, events: [one] });
    before.close();
    const after = kinds();
    expect([after.byKind.price.waitingEvents, after.byKind.candle.waitingEvents]).toEqual([10, 10]);
    expect(drain(after.byKind.candle)).toEqual(odd(1, 20));
    expect(after.byKind.price.waitingEvents).toBe(10);
    expect(drain(after.byKind.price)).toEqual(even(1, 20));
  });

  it('have a bound each: what one gives up costs the other nothing', () => {
    const spools = kinds(folder, 8_192);
    const [candle] = mixed(1, 1);
    spools.byKind.candle.append({ origin: ORIGIN, events: [candle!] });
    for (let round = 0; round < 300; round += 1) {
      spools.byKind.price.append({ origin: ORIGIN, events: [event(round, 'price')] });
    }
    expect(spools.byKind.price.lost[0]?.events).toBeGreaterThan(0);
    expect(spools.byKind.candle.lost).toEqual([]);
    expect(drain(spools.byKind.candle)).toEqual([1]);
  });

  it.each([0, 3, 7])('take up the spool of the version before, of which %i events were handed on', (handedOn) => {
    const old = earlier();
    old.append({ origin: ORIGIN, events: mixed(1, 30) });
    const read = handedOn > 0 ? old.next(handedOn) : undefined;
    if (read) old.acknowledge(read);
    old.close();

    const spools = kinds();
    spools.byKind.price.append({ origin: ORIGIN, events: [event(32, 'price')] });
    expect(spools.byKind.candle.waitingEvents).toBe(odd(handedOn + 1, 30).length);
    expect(spools.byKind.price.waitingEvents).toBe(even(handedOn + 1, 32).length);
    expect(drain(spools.byKind.price)).toEqual(even(handedOn + 1, 32));
    // The other kind finds all of its own, in this process and in the next one.
    expect(drain(spools.byKind.candle, 5)).toEqual(odd(handedOn + 1, 30).slice(0, 6));
    spools.close();
    const later = kinds();
    expect(later.byKind.candle.waitingEvents).toBe(odd(handedOn + 1, 30).length - 6);
    expect(drain(later.byKind.candle)).toEqual(odd(handedOn + 1, 30).slice(6));
    expect(readdirSync(join(folder, 'candle')).filter((name) => name.includes('.jsonl'))).toEqual([]);
  });

  it('take up a spool of several files that was at its bound, with the account of what it had given up', () => {
    const old = earlier(8_192);
    for (const one of mixed(1, 300)) old.append({ origin: ORIGIN, events: [one] });
    const { lost, waitingEvents } = old;
    const gone = lost.reduce((sum, { events }) => sum + events, 0);
    old.close();
    const spools = kinds(folder, 8_192);
    const account = KINDS.flatMap((kind) => spools.byKind[kind].lost);
    expect(account).toEqual(expect.arrayContaining([...lost]));
    expect(account).toHaveLength(lost.length);
    expect(KINDS.reduce((sum, kind) => sum + spools.byKind[kind].waitingEvents, 0)).toBe(waitingEvents);
    expect(drain(spools.byKind.price)).toEqual(even(gone + 1, 300));
    expect(drain(spools.byKind.candle)).toEqual(odd(gone + 1, 300));
  });

  it.each([
    ['after the first of the kinds has its names', ['price']],
    ['after all of them have', ['price', 'candle']],
  ] as const)('lose nothing when the take-up is killed %s', (_, done) => {
    const old = earlier();
    old.append({ origin: ORIGIN, events: mixed(1, 12) });
    old.close();
    const [name] = readdirSync(folder).filter((file) => file.endsWith('.jsonl'));
    for (const kind of done) {
      mkdirSync(join(folder, kind));
      linkSync(join(folder, name!), join(folder, kind, name!.replace('.jsonl', '.shared.jsonl')));
    }
    const spools = kinds();
    expect(drain(spools.byKind.price)).toEqual(even(1, 12));
    expect(drain(spools.byKind.candle)).toEqual(odd(1, 12));
  });

  it('take up nothing a second time when it is the same folder on another disk, without second names', () => {
    const old = earlier();
    old.append({ origin: ORIGIN, events: mixed(1, 12) });
    old.close();
    const first = kinds();
    first.close();
    // A backup that was brought back: names that were one file are several now.
    const copy = join(root, 'copy');
    cpSync(folder, copy, { recursive: true });
    const spools = kinds(copy);
    expect([spools.byKind.price.waitingEvents, spools.byKind.candle.waitingEvents]).toEqual([6, 6]);
    expect(drain(spools.byKind.price)).toEqual(even(1, 12));
    expect(drain(spools.byKind.candle)).toEqual(odd(1, 12));
  });

  it('go back into one spool where there is no broker any more, and apart again', () => {
    const old = earlier();
    old.append({ origin: ORIGIN, events: mixed(1, 6) });
    old.close();
    const apart = kinds();
    for (const one of mixed(7, 12)) apart.byKind[one.kind as EventKind].append({ origin: ORIGIN, events: [one] });
    apart.close();
    const together = openSpool({ folder, maxBytes: MAX_BYTES, kinds: KINDS });
    together.append({ origin: ORIGIN, events: mixed(13, 14) });
    const waiting = together.waitingEvents;
    together.close();
    expect(waiting).toBe(14);
    const again = kinds();
    expect(drain(again.byKind.price)).toEqual(even(1, 14));
    expect(drain(again.byKind.candle)).toEqual(odd(1, 14));
  });

  it('are refused together to a second process, and to one of the version before', () => {
    const spools = kinds();
    expect(() => openKindSpools({ folder, maxBytes: MAX_BYTES, kinds: KINDS })).toThrow(FolderLockedError);
    expect(() => earlier()).toThrow(FolderLockedError);
    spools.close();
    expect(() => {
      earlier().close();
    }).not.toThrow();
  });

  describe('with unreadable lines', () => {
    function damage(path: string, ...lines: number[]): void {
      const texts = readFileSync(path, 'utf8').split('\n');
      for (const line of lines) texts[line - 1] = '\0'.repeat(40);
      writeFileSync(path, texts.join('\n'));
    }

    const asFound = (spool: Spool) =>
      spool.unreadable.map(({ file, firstLine, lines }) => ({ file, firstLine, lines }));

    it('count each once, name file and line, and keep the file aside, over a restart', () => {
      const before = openSpool({ folder, maxBytes: MAX_BYTES, kinds: KINDS });
      before.append({ origin: ORIGIN, events: mixed(1, 9) });
      before.close();
      damage(join(folder, '000000000001.jsonl'), 2, 3, 8);
      const spool = openSpool({ folder, maxBytes: MAX_BYTES, kinds: KINDS });
      // Read twice, as when the target does not take it.
      spool.next(4);
      spool.release();
      expect(asFound(spool)).toEqual([{ file: 'spool/000000000001.jsonl', firstLine: 2, lines: 2 }]);
      expect(drain(spool)).toEqual([1, 4, 5, 6, 7, 9]);
      const found = [{ file: 'spool/000000000001.jsonl.damaged', firstLine: 2, lines: 3 }];
      expect(asFound(spool)).toEqual(found);
      spool.append({ origin: ORIGIN, events: mixed(10, 10) });
      spool.close();
      const later = openSpool({ folder, maxBytes: MAX_BYTES, kinds: KINDS });
      open.push(later);
      expect(asFound(later)).toEqual(found);
      expect(drain(later)).toEqual([10]);
    });

    it('know them in a file that was read in part before a restart, and forget them with the file', () => {
      const before = openSpool({ folder, maxBytes: MAX_BYTES, kinds: KINDS });
      before.append({ origin: ORIGIN, events: mixed(1, 9) });
      before.close();
      damage(join(folder, '000000000001.jsonl'), 1);
      const spool = openSpool({ folder, maxBytes: MAX_BYTES, kinds: KINDS });
      drain(spool, 3);
      spool.close();
      const later = openSpool({ folder, maxBytes: MAX_BYTES, kinds: KINDS });
      expect(asFound(later)).toEqual([{ file: 'spool/000000000001.jsonl', firstLine: 1, lines: 1 }]);
      drain(later);
      later.close();
      rmSync(join(folder, '000000000001.jsonl.damaged'));
      const last = openSpool({ folder, maxBytes: MAX_BYTES, kinds: KINDS });
      open.push(last);
      expect(asFound(last)).toEqual([]);
    });

    it('count a line of the version before once, whichever kind it was of', () => {
      const old = earlier();
      old.append({ origin: ORIGIN, events: mixed(1, 9) });
      old.close();
      damage(join(folder, '000000000001.jsonl'), 4);
      const spools = kinds();
      expect(drain(spools.byKind.price)).toEqual([2, 6, 8]);
      expect(drain(spools.byKind.candle)).toEqual([1, 3, 5, 7, 9]);
      expect(KINDS.flatMap((kind) => asFound(spools.byKind[kind]))).toEqual([
        { file: 'spool/price/000000000001.shared.jsonl.damaged', firstLine: 4, lines: 1 },
      ]);
    });

    it('tell of an account of losses that is not readable, and keep it', () => {
      openSpool({ folder, maxBytes: MAX_BYTES, kinds: KINDS }).close();
      writeFileSync(join(folder, 'losses.json'), '{"spans":[{');
      const spool = openSpool({ folder, maxBytes: MAX_BYTES, kinds: KINDS });
      open.push(spool);
      expect(asFound(spool)).toEqual([{ file: 'spool/losses.json.damaged', firstLine: 1, lines: 1 }]);
      expect(readFileSync(join(folder, 'losses.json.damaged'), 'utf8')).toBe('{"spans":[{');
    });
  });
});
