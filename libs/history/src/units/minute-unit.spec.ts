import { asCaptured, DAY, floorTo, MINUTE, SECOND, type MinuteCandle } from '@app/domain';
import { MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { versionsOf } from '../candle-versions';
import { CANDLE_REPEATS, CANDLE_REVISIONS, CANDLES_1M, type MinuteRow } from '../kinds/candle-tables';
import { runUnit, type Rows, type Unit } from '../rows/unit';
import { FIRST_REVISIONS, raiseUnit } from './first-revisions';
import { DAY_ENDS, minuteUnit, type CandlesOutcome } from './minute-unit';
import { STOP_NOTES } from './stops-unit';
import { MINUTES_REMOVED_FACT, STORE_FACTS } from './store-facts';

const MIDNIGHT = Date.UTC(2026, 0, 15) * 1_000;

function candle(openTime: number, changes: Partial<MinuteCandle> = {}): MinuteCandle {
  return {
    symbol: 'BTCUSDT',
    openTime,
    closeTime: openTime + MINUTE - 1_000,
    open: '10',
    high: '13',
    low: '9',
    close: '10.5',
    volume: '1.5',
    quoteVolume: '15',
    tradeCount: 1,
    takerBuyVolume: '0.5',
    takerBuyQuoteVolume: '5',
    source: 'test',
    capturedAt: openTime + MINUTE + SECOND,
    ...changes,
  };
}

/** Around midnight, one minute off the full one; often of the same minute, instant or numbers, or another in text alone. */
const capture = fc
  .record({
    symbol: fc.constantFrom('BTCUSDT', '币安人生USDT'),
    second: fc.constantFrom(-120, -60, 0, 60, 74),
    close: fc.constantFrom('10.5', '10.50', '11', '12'),
    tradeCount: fc.integer({ min: 1, max: 2 }),
    delay: fc.integer({ min: 1, max: 6 }),
    source: fc.constantFrom('test', 'archive'),
  })
  .map(({ second, delay, ...others }): MinuteCandle => {
    const openTime = MIDNIGHT + second * SECOND;
    return candle(openTime, { ...others, capturedAt: openTime + MINUTE + delay * SECOND });
  });

/** Some of them come again, as the very object or as another one. */
const units = fc.array(fc.array(capture, { maxLength: 15 }), { minLength: 1, maxLength: 5 }).chain((given) =>
  fc.array(fc.tuple(fc.nat({ max: given.length - 1 }), fc.nat(), fc.boolean()), { maxLength: 8 }).map((again) => {
    const all = given.flat();
    const offered = given.map((unit) => [...unit]);
    for (const [place, which, isCopy] of again) {
      const one = all[which % all.length];
      if (one) offered[place]?.push(isCopy ? { ...one } : one);
    }
    return offered;
  }),
);

/** The roll-ups that follow the minutes: where their days end. */
function followDays(rows: MemoryRows): void {
  const days = rows.all(CANDLES_1M).map(({ symbol, openTime }) => ({
    symbol,
    openTime: floorTo(openTime, DAY),
    lastMinute: openTime,
  }));
  rows.apply([{ kind: 'put', table: DAY_ENDS, rows: days }]);
}

function write(rows: MemoryRows, ...given: Parameters<typeof minuteUnit>): CandlesOutcome {
  const outcome = runUnit(rows, minuteUnit(...given));
  followDays(rows);
  return outcome;
}

/** What is kept of captures by the rule for each minute, whose first revision is given. */
function modelOf(captures: readonly MinuteCandle[], firstOf: (candle: MinuteCandle) => number = () => 1): object {
  const ofMinutes = new Map<string, MinuteCandle[]>();
  for (const one of captures) {
    const key = JSON.stringify([one.symbol, one.openTime]);
    ofMinutes.set(key, [...(ofMinutes.get(key) ?? []), one]);
  }
  const model = { current: [] as object[], revisions: [] as object[], repeats: [] as object[] };
  for (const ofMinute of ofMinutes.values()) {
    const { versions, repeats } = versionsOf(ofMinute);
    for (const [index, version] of versions.entries()) {
      const row = { ...version, revision: firstOf(version) + index };
      const next = versions[index + 1];
      if (next) model.revisions.push({ ...row, supersededAt: next.capturedAt });
      else model.current.push(row);
    }
    for (const repeat of repeats) model.repeats.push({ ...repeat, recorded: true });
  }
  return sorted(model);
}

function stateOf(rows: MemoryRows): object {
  return sorted({
    current: rows.all(CANDLES_1M),
    revisions: rows.all(CANDLE_REVISIONS),
    repeats: rows.all(CANDLE_REPEATS),
  });
}

function sorted(state: Readonly<Record<string, readonly object[]>>): object {
  const inOrder = (list: readonly object[]): string[] =>
    list.map((row) => JSON.stringify(Object.entries(row).sort())).sort();
  return Object.fromEntries(Object.entries(state).map(([name, list]) => [name, inOrder(list)]));
}

describe('a unit of minutes', () => {
  let rows: MemoryRows;

  beforeEach(() => {
    rows = new MemoryRows();
  });

  it('should keep what the set of captures says, in whatever order, units and repeats they come', () => {
    fc.assert(
      fc.property(units, (given) => {
        rows = new MemoryRows();
        for (const unit of given) write(rows, unit);
        expect(stateOf(rows)).toEqual(modelOf(given.flat()));
      }),
    );
  });

  it('should say of each candle the same in one unit as in many', () => {
    fc.assert(
      fc.property(units, (given) => {
        const [together, apart] = [new MemoryRows(), new MemoryRows()];
        for (const unit of given) {
          const outcome = write(together, unit);
          const single = unit.map((one) => write(apart, [{ ...one }]));
          expect(outcome.outcomes).toEqual(single.flatMap(({ outcomes }) => outcomes));
          expect(outcome.kept).toEqual(single.flatMap(({ kept }) => kept));
          expect(outcome.promoted).toEqual(single.flatMap(({ promoted }) => promoted));
          expect(outcome.changed).toEqual(single.flatMap(({ changed }) => changed));
        }
        expect(stateOf(together)).toEqual(stateOf(apart));
      }),
    );
  });

  it('should keep the same of what it says is kept alone, in any order', () => {
    const ordered = units.chain((given) => fc.tuple(fc.constant(given), fc.infiniteStream(fc.nat())));
    fc.assert(
      fc.property(ordered, ([given, numbers]) => {
        const [all, again] = [new MemoryRows(), new MemoryRows()];
        const kept = given.flatMap((unit) => {
          const outcome = write(all, unit);
          return unit.filter((_, index) => outcome.kept[index]);
        });
        const places = kept.map((one) => ({ one, place: Number(numbers.next().value) }));
        write(
          again,
          places.sort((a, b) => a.place - b.place).map(({ one }) => one),
        );
        expect(stateOf(again)).toEqual(stateOf(all));
      }),
    );
  });

  it('should tell what hours, days and ledger have to follow, as it stands at last', () => {
    fc.assert(
      fc.property(units, (given) => {
        rows = new MemoryRows();
        for (const unit of given) {
          const before = new Map(rows.all(CANDLES_1M).map((row) => [keyOf(row), row]));
          const outcome = write(rows, unit);
          const after = new Map(rows.all(CANDLES_1M).map((row) => [keyOf(row), row]));
          const earliest = new Map<string, number>();
          for (const row of [...after.values(), ...rows.all(CANDLE_REVISIONS)]) {
            earliest.set(keyOf(row), Math.min(earliest.get(keyOf(row)) ?? Infinity, row.capturedAt));
          }
          for (const { symbol, added, revised, changed } of outcome.bySymbol) {
            for (const row of added) {
              expect(before.has(keyOf(row))).toBe(false);
              expect(after.get(keyOf(row))).toEqual(row);
            }
            for (const openTime of revised) expect(before.has(keyOf({ symbol, openTime }))).toBe(true);
            expect(changed).toEqual(
              changed.map(({ openTime }) => {
                const key = keyOf({ symbol, openTime });
                return {
                  openTime,
                  tradeCount: after.get(key)?.tradeCount,
                  firstCapturedAt: earliest.get(key),
                  isNew: !before.has(key),
                };
              }),
            );
            expect(changed.map(({ openTime }) => openTime).sort()).toEqual(
              [...added.map(({ openTime }) => openTime), ...revised].sort(),
            );
          }
          const told = outcome.bySymbol.flatMap(({ symbol, changed }) =>
            changed.map(({ openTime }) => keyOf({ symbol, openTime })),
          );
          const differing = [...after].filter(([key, row]) => !isSameRow(before.get(key), row)).map(([key]) => key);
          expect(told).toEqual(expect.arrayContaining(differing));
        }
      }),
    );
  });

  it('should ask once for what comes after all that its day has seen, once more for a late minute, and for its versions', () => {
    const roundsOf = (...given: MinuteCandle[]): number => {
      const before = rows.rounds;
      write(rows, given);
      return rows.rounds - before;
    };
    expect(roundsOf()).toBe(0);
    expect(roundsOf(candle(MIDNIGHT), candle(MIDNIGHT + 2 * MINUTE))).toBe(1);
    const again = { capturedAt: MIDNIGHT + 9 * MINUTE };
    expect(roundsOf(candle(MIDNIGHT + 3 * MINUTE), candle(MIDNIGHT + 3 * MINUTE, again))).toBe(1);
    expect(roundsOf(candle(MIDNIGHT + MINUTE), candle(MIDNIGHT), candle(MIDNIGHT + 4 * MINUTE))).toBe(2);
    expect(roundsOf(candle(MIDNIGHT), candle(MIDNIGHT, { ...again, close: '11' }))).toBe(3);
  });

  it('should change nothing where all are repeats', () => {
    const given = [candle(MIDNIGHT), candle(MIDNIGHT + MINUTE)];
    write(rows, given);
    const outcome = write(rows, given);
    expect(outcome).toEqual({
      outcomes: ['repeat', 'repeat'],
      kept: [false, false],
      promoted: [],
      changed: [],
      bySymbol: [],
    });
    expect(planned(rows, minuteUnit(given))).toEqual([]);
  });

  it('should put a capture that a clock which was ahead has stamped where it belongs', () => {
    const late = candle(MIDNIGHT, { close: '11' });
    const ahead = candle(MIDNIGHT, { capturedAt: MIDNIGHT + DAY });
    const span = { start: MIDNIGHT + DAY, end: MIDNIGHT + 2 * DAY, until: MIDNIGHT + 2 * MINUTE };
    write(rows, [late]);
    write(rows, [ahead], [span]);
    expect(stateOf(rows)).toEqual(modelOf([late, asCaptured(ahead, [span])]));
    expect(rows.all(CANDLES_1M)[0]?.close).toBe('11');
  });

  it('should say that a repeat is promoted of which bronze has no line', () => {
    const [first, repeat, between] = [
      candle(MIDNIGHT),
      candle(MIDNIGHT, { capturedAt: MIDNIGHT + 5 * MINUTE }),
      candle(MIDNIGHT, { capturedAt: MIDNIGHT + 3 * MINUTE, close: '11' }),
    ];
    write(rows, [first]);
    rows.apply([{ kind: 'put', table: CANDLE_REPEATS, rows: [{ ...repeat, recorded: false }] }]);
    expect(write(rows, [between]).promoted).toEqual([repeat]);
    expect(stateOf(rows)).toEqual(modelOf([first, repeat, between]));
  });

  describe('with answers that were given before', () => {
    it('should count the versions of a minute from the second on where it was noted as stopped', () => {
      const note = { symbol: 'BTCUSDT', startTime: MIDNIGHT, endTime: MIDNIGHT + 2 * MINUTE, notedAt: MIDNIGHT + DAY };
      const earlier = { ...note, startTime: MIDNIGHT - DAY, endTime: MIDNIGHT - DAY + MINUTE };
      rows.apply([{ kind: 'add', table: STOP_NOTES, rows: [note, earlier] }]);
      const given = [-1, 0, 1, 2].flatMap((minute) =>
        ['BTCUSDT', 'ETHBTC'].map((symbol) => candle(MIDNIGHT + minute * MINUTE, { symbol })),
      );
      const isNoted = ({ symbol, openTime }: MinuteCandle): boolean =>
        symbol === note.symbol && openTime >= note.startTime && openTime < note.endTime;
      write(rows, given);
      expect(stateOf(rows)).toEqual(modelOf(given, (one) => (isNoted(one) ? 2 : 1)));
      expect(rows.rounds).toBe(3);
    });

    it('should count them from a higher one on where that was raised, and never lower it', () => {
      const given = [candle(MIDNIGHT), candle(MIDNIGHT + MINUTE), candle(MIDNIGHT + 2 * MINUTE)];
      for (const revision of [4, 3]) {
        runUnit(rows, raiseUnit({ symbol: 'BTCUSDT', openTime: MIDNIGHT + MINUTE, revision }));
      }
      expect(rows.all(FIRST_REVISIONS)).toEqual([{ symbol: 'BTCUSDT', openTime: MIDNIGHT + MINUTE, revision: 4 }]);
      const revised = candle(MIDNIGHT + MINUTE, { close: '11', capturedAt: MIDNIGHT + 5 * MINUTE });
      write(rows, [...given, revised]);
      expect(stateOf(rows)).toEqual(
        modelOf([...given, revised], ({ openTime }) => (openTime === MIDNIGHT + MINUTE ? 4 : 1)),
      );
    });
  });

  it('should accept nothing of a day whose minutes retention has removed', () => {
    const [removed, held] = [MIDNIGHT - DAY, MIDNIGHT];
    write(rows, [candle(held), candle(removed), candle(removed + MINUTE)]);
    rows.apply([
      {
        kind: 'remove',
        table: CANDLES_1M,
        keys: [
          ['BTCUSDT', removed],
          ['BTCUSDT', removed + MINUTE],
        ],
      },
      { kind: 'put', table: STORE_FACTS, rows: [{ name: MINUTES_REMOVED_FACT, value: String(held + DAY) }] },
    ]);
    const given = [removed, removed + 2 * MINUTE, held, held + MINUTE, removed - DAY].map((time) => candle(time));
    const { outcomes, kept } = write(rows, given);
    expect(outcomes).toEqual(['repeat', 'repeat', 'repeat', 'taken', 'taken']);
    expect(kept).toEqual([false, false, false, true, true]);
    expect(rows.all(CANDLES_1M).map(({ openTime }) => openTime)).toEqual([removed - DAY, held, held + MINUTE]);
  });
});

function keyOf({ symbol, openTime }: Pick<MinuteRow, 'symbol' | 'openTime'>): string {
  return JSON.stringify([symbol, openTime]);
}

function isSameRow(a: MinuteRow | undefined, b: MinuteRow): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The rows and keys that a unit's plan has. */
function planned(rows: Rows, unit: Unit<unknown>): readonly object[] {
  let step = unit.next([]);
  while (!step.done) step = unit.next(rows.load(step.value));
  return step.value.changes.flatMap((change): readonly object[] =>
    'rows' in change ? change.rows : 'keys' in change ? change.keys : change.ranges,
  );
}
