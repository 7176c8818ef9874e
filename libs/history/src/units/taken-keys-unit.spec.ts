import { HOUR, MINUTE, type EpochMicros, type EventKind } from '@app/domain';
import { MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { runUnit } from '../rows/unit';
import type { KindOutcome } from './kind-outcome';
import { BRONZE_ONLY_FACT, STORE_FACTS } from './store-facts';
import { KeyMemory, TAKEN_KEYS, takenKeysUnit } from './taken-keys-unit';

interface Quote {
  readonly symbol: string;
  readonly time: number;
  readonly source: string;
  readonly receivedAt: EpochMicros;
  readonly price: string;
}

const ONCE: EventKind<Quote> = {
  name: 'quote',
  topic: 'crypto_quotes',
  parse: (line) => JSON.parse(line) as Quote,
  toContract: (quote) => quote,
  keyOf: ({ symbol, time, source }) => ({ symbol, time, source }),
  capturedAt: ({ receivedAt }) => receivedAt,
};

const REVISED: EventKind<Quote> = { ...ONCE, contentOf: ({ price }) => price };

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;

const quote = (changes: Partial<Quote> = {}): Quote => ({
  symbol: 'BTCUSDT',
  time: NOON,
  source: 'a',
  receivedAt: NOON + 1,
  price: '1',
  ...changes,
});

const event = fc
  .record({
    symbol: fc.constantFrom('BTCUSDT', '币安人生USDT'),
    time: fc.integer({ min: 0, max: 1 }),
    source: fc.constantFrom('a', 'b'),
    after: fc.integer({ min: 0, max: 4 }),
    price: fc.constantFrom('1', '2'),
  })
  .map(({ time, after, ...others }): Quote => ({ ...others, time: NOON + time, receivedAt: NOON + time + after }));

const batches = fc.array(fc.array(event, { maxLength: 12 }), { minLength: 1, maxLength: 4 });

describe('the unit of keys without rows', () => {
  let rows: MemoryRows;
  let memory: KeyMemory;

  const begin = (): void => {
    rows = new MemoryRows();
    memory = new KeyMemory((content) => `hash of ${content}`);
  };
  beforeEach(begin);

  const takeAt = (now: EpochMicros, kind: EventKind<Quote>, ...events: readonly Quote[]): KindOutcome =>
    runUnit(rows, takenKeysUnit(kind, events, now, memory));
  const take = (kind: EventKind<Quote>, ...events: readonly Quote[]): KindOutcome =>
    takeAt(NOON + HOUR, kind, ...events);

  it('should accept a key once, whenever it was captured', () => {
    fc.assert(
      fc.property(batches, (given) => {
        begin();
        const seen = new Set<string>();
        const areNew = given.flat().map(({ symbol, time, source, receivedAt }) => {
          // A capture at the time that it speaks of is told from the others by that.
          const whenever = JSON.stringify([symbol, time, source]);
          const exactly = JSON.stringify([symbol, time, source, receivedAt]);
          const isNew = !seen.has(receivedAt === time ? exactly : whenever);
          seen.add(whenever).add(exactly);
          return isNew;
        });
        const outcomes = given.map((batch) => take(ONCE, ...batch));
        expect(outcomes.flatMap(({ kept }) => kept)).toEqual(areNew);
        expect(outcomes.flatMap((outcome) => outcome.outcomes)).toEqual(
          areNew.map((isNew) => (isNew ? 'taken' : 'repeat')),
        );
        expect(rows.all(TAKEN_KEYS)).toHaveLength(areNew.filter(Boolean).length);
      }),
    );
  });

  it('should keep each capture of what is revised that differs in its time or its content, and no other', () => {
    fc.assert(
      fc.property(batches, (given) => {
        begin();
        const kept = given.flatMap((batch) => take(REVISED, ...batch).kept);
        const captures = given
          .flat()
          .map(({ symbol, time, receivedAt, price }) => JSON.stringify([symbol, time, receivedAt, price]));
        expect(kept).toEqual(captures.map((capture, index) => captures.indexOf(capture) === index));
        expect(rows.all(TAKEN_KEYS)).toHaveLength(new Set(captures).size);
      }),
    );
  });

  it.each([ONCE, REVISED])('should say the same of captures in one unit as in several (%#)', (kind) => {
    fc.assert(
      fc.property(batches, (given) => {
        begin();
        const several = given.map((batch) => take(kind, ...batch));
        const stored = rows.all(TAKEN_KEYS);
        begin();
        const one = take(kind, ...given.flat());
        expect(one.outcomes).toEqual(several.flatMap(({ outcomes }) => outcomes));
        expect(one.kept).toEqual(several.flatMap((outcome) => outcome.kept));
        expect(rows.all(TAKEN_KEYS)).toEqual(stored);
      }),
    );
  });

  it('should tell a version from a repeat, in whatever order captures come', () => {
    const outcomes = (...events: readonly Quote[]): unknown => {
      begin();
      return take(REVISED, ...events).outcomes;
    };
    const at = (seconds: number, price: string): Quote => quote({ receivedAt: NOON + seconds, price });
    expect(outcomes(at(1, '1'), at(2, '1'), at(3, '2'), at(4, '1'))).toEqual([
      'taken',
      'repeat',
      'revision',
      'revision',
    ]);
    expect(outcomes(at(2, '1'), at(1, '1'), at(0, '2'))).toEqual(['taken', 'taken', 'revision']);
    expect(outcomes(at(1, '1'), at(1, '2'), at(1, '2'))).toEqual(['taken', 'revision', 'repeat']);
  });

  it('should write the line of a repeat that was kept without it once an older capture makes it a version', () => {
    const repeat = quote({ receivedAt: NOON + 9 });
    take(REVISED, quote());
    const [first] = rows.all(TAKEN_KEYS);
    const stored = { ...first!, capturedAt: NOON + 9, line: JSON.stringify(repeat) };
    rows.apply([{ kind: 'add', table: TAKEN_KEYS, rows: [stored] }]);
    expect(take(REVISED, quote({ receivedAt: NOON + 10 })).promoted).toEqual([]);

    const between = quote({ receivedAt: NOON + 5, price: '2' });
    expect(take(REVISED, between)).toMatchObject({
      outcomes: ['revision'],
      kept: [true],
      promoted: [{ event: repeat, line: stored.line }],
    });
    expect(take(REVISED, quote({ receivedAt: NOON + 6, price: '2' })).promoted).toEqual([]);
    expect(rows.all(TAKEN_KEYS).filter(({ line }) => line !== null)).toEqual([]);
  });

  it('should promote a line once, however many captures of a unit come before it', () => {
    const repeat = quote({ receivedAt: NOON + 9 });
    take(REVISED, quote());
    const [first] = rows.all(TAKEN_KEYS);
    const stored = { ...first!, capturedAt: NOON + 9, line: JSON.stringify(repeat) };
    rows.apply([{ kind: 'add', table: TAKEN_KEYS, rows: [stored] }]);
    const others = [5, 6, 7].map((second) => quote({ receivedAt: NOON + second, price: '2' }));
    expect(take(REVISED, ...others).promoted.map(({ line }) => line)).toEqual([stored.line]);
  });

  it('should remember since when there are no rows', () => {
    take(ONCE, quote(), quote({ time: NOON + 1, receivedAt: NOON + 7 }));
    take(ONCE, quote({ time: NOON + 2, receivedAt: NOON + 9 }));
    expect(rows.all(STORE_FACTS)).toEqual([{ name: BRONZE_ONLY_FACT, value: String(NOON + 7) }]);
  });

  it('should forget keys after two days, of every kind, and not look more often than each ten minutes', () => {
    const at = (time: EpochMicros): Quote => quote({ time, receivedAt: time });
    const times = (): unknown => rows.all(TAKEN_KEYS).map(({ time }) => time);
    takeAt(NOON, ONCE, at(NOON), at(NOON + MINUTE));
    const later = NOON + 48 * HOUR + 1;
    takeAt(later, REVISED, at(later));
    expect(times()).toEqual([NOON + MINUTE, later]);
    takeAt(later + MINUTE, ONCE, at(later + MINUTE));
    expect(times()).toEqual([NOON + MINUTE, later, later + MINUTE]);
    takeAt(later + 10 * MINUTE, ONCE, at(later + 10 * MINUTE));
    expect(times()).toEqual([later, later + MINUTE, later + 10 * MINUTE]);
  });

  it('should forget nothing by a clock that was ahead', () => {
    const ahead = NOON + 1_000 * HOUR;
    takeAt(NOON, ONCE, quote(), quote({ time: ahead, receivedAt: ahead }));
    takeAt(NOON + MINUTE, ONCE, quote());
    expect(rows.all(TAKEN_KEYS).map(({ time }) => time)).toEqual([NOON, ahead]);
  });

  it('should ask once for each unit, and not at all where nothing comes', () => {
    take(ONCE);
    expect(rows.rounds).toBe(0);
    expect(rows.all(STORE_FACTS)).toEqual([]);
    take(ONCE, quote(), quote({ symbol: 'ETHUSDT', receivedAt: NOON }));
    take(REVISED, quote(), quote({ symbol: 'ETHUSDT' }));
    expect(rows.rounds).toBe(2);
  });
});
