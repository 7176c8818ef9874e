import { MINUTE, type EpochMicros, type RecordedFetch, type TimeRange } from '@app/domain';
import { MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { runsOfMinutes } from '../ledger-runs';
import { findOnly, runUnit, type Unit } from '../rows/unit';
import { COVERAGE } from '../units/ledger-tables';
import { STORE_FACTS } from '../units/store-facts';
import { UNFILLED_RANGES } from '../units/unfilled-unit';
import {
  lossOfFetch,
  rebuildProgress,
  remainingFetches,
  settleUnit,
  stopsAgain,
  unitsAtEnd,
  type RebuildProgress,
} from './rebuild-progress';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;

const minutes = (start: number, length: number): TimeRange => {
  return { start: NOON + start * MINUTE, end: NOON + (start + length) * MINUTE };
};
const range = fc
  .record({ start: fc.nat(20), length: fc.integer({ min: 1, max: 8 }) })
  .map(({ start, length }) => minutes(start, length));
const symbol = fc.constantFrom('BTCUSDT', 'ETHUSDT');

const fetchOf = (line: number, changes: Partial<RecordedFetch> = {}): RecordedFetch => ({
  line,
  kind: 'backfill',
  origin: 'binance',
  symbol: 'BTCUSDT',
  range: minutes(0, 10),
  rows: 10,
  sha256: '',
  leftOut: [],
  fetchedAt: NOON,
  file: undefined,
  ...changes,
});

function minutesIn({ start, end }: TimeRange): EpochMicros[] {
  return Array.from({ length: (end - start) / MINUTE }, (_, index) => start + index * MINUTE);
}

describe('a rebuild', () => {
  let rows: MemoryRows;

  beforeEach(() => {
    rows = new MemoryRows();
  });

  const progress = (): RebuildProgress => runUnit(rows, findOnly(rebuildProgress()));
  const settle = (line: number, loss?: string): void => {
    runUnit(rows, settleUnit({ line }, loss));
  };
  const runAll = (units: readonly Unit<void>[]): void => {
    for (const unit of units) runUnit(rows, unit);
  };

  it('should go on with what was not looked at, and once more with what could not be had', () => {
    const steps = fc.array(
      fc.record({ line: fc.nat(9), loss: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }) }),
    );
    fc.assert(
      fc.property(steps, (given) => {
        rows = new MemoryRows();
        const fetches = Array.from({ length: 12 }, (_, line) => fetchOf(line));
        expect(remainingFetches(fetches, progress())).toEqual(fetches);
        let position = 0;
        const losses = new Map<number, string>();
        for (const { line, loss } of given) {
          settle(line, loss);
          position = Math.max(position, line + 1);
          if (loss === undefined) losses.delete(line);
          else losses.set(line, loss);
        }
        const left = fetches.filter(({ line }) => line >= position || losses.has(line));
        expect(remainingFetches(fetches, progress())).toEqual(left);
        const lost = fetches.filter((fetch) => lossOfFetch(fetch, progress()));
        expect(lost.map(({ line }) => line)).toEqual([...losses.keys()].sort((a, b) => a - b));
      }),
    );
  });

  it('should say of a fetch that could not be had what is lost with it, and why', () => {
    settle(3, 'HTTP 404');
    const fetch = fetchOf(3, { kind: 'archive' });
    expect(lossOfFetch(fetch, progress())).toEqual({
      what: 'BTCUSDT',
      range: fetch.range,
      reason: 'archive: HTTP 404',
    });
    settle(3);
    expect(lossOfFetch(fetch, progress())).toBeUndefined();
  });

  describe('the stops that were recorded', () => {
    it('should be stopped again where a minute is missing that no lost fetch of its symbol may have had', () => {
      const fetches = fc.array(fc.record({ symbol, range, isLost: fc.boolean() }), { maxLength: 4 });
      const stops = fc.array(fc.record({ symbol, range }), { maxLength: 4 });
      const stored = fc.uniqueArray(fc.nat(27), { maxLength: 8 });
      fc.assert(
        fc.property(fetches, stops, stored, (given, recorded, captured) => {
          rows = new MemoryRows();
          const held = captured.sort((a, b) => a - b).map((minute) => NOON + minute * MINUTE);
          const runs = runsOfMinutes(held.map((minute) => ({ minute, state: 'captured', repaired: false })));
          const ledger = runs.map(({ start, end, ...run }) => {
            return { symbol: 'BTCUSDT', startTime: start, endTime: end, ...run };
          });
          rows.apply([{ kind: 'add', table: COVERAGE, rows: ledger }]);
          const all = given.map((fetch, line) => fetchOf(line, { symbol: fetch.symbol, range: fetch.range }));
          for (const [line, { isLost }] of given.entries()) settle(line, isLost ? 'lost' : undefined);
          runAll(
            stopsAgain(
              recorded.map((stop) => ({ ...stop, notedAt: NOON })),
              all,
              progress(),
            ),
          );
          for (const each of ['BTCUSDT', 'ETHUSDT']) {
            const own = rows.all(COVERAGE).filter((run) => run.symbol === each);
            const stopped = own
              .filter(({ state }) => state === 'stopped')
              .flatMap(({ startTime, endTime }) => minutesIn({ start: startTime, end: endTime }));
            const expected = new Set(
              recorded.filter((stop) => stop.symbol === each).flatMap((stop) => minutesIn(stop.range)),
            );
            for (const fetch of given) {
              if (fetch.isLost && fetch.symbol === each)
                for (const minute of minutesIn(fetch.range)) expected.delete(minute);
            }
            if (each === 'BTCUSDT') for (const minute of held) expected.delete(minute);
            expect(stopped).toEqual([...expected].sort((a, b) => a - b));
          }
        }),
      );
    });
  });

  describe('at its end', () => {
    const time = { now: NOON, realNow: NOON + 1 };

    it('should note why the minutes of fetches are missing that were given up, and of no others', () => {
      const fetches = [fetchOf(0), fetchOf(1, { kind: 'import', range: minutes(20, 5) }), fetchOf(2)];
      settle(0);
      settle(1, 'its folder was not named');
      settle(2);
      runAll(unitsAtEnd(fetches, progress(), time));
      const { start, end } = minutes(20, 5);
      const reason = 'import not repeated: its folder was not named';
      expect(rows.all(UNFILLED_RANGES)).toEqual([
        { symbol: 'BTCUSDT', startTime: start, endTime: end, reason, askedAt: NOON },
      ]);
    });

    it('should keep of itself when it was, and nothing of how far it had come', () => {
      const origin = { name: 'origin', value: 'binance' };
      rows.apply([{ kind: 'add', table: STORE_FACTS, rows: [origin, { name: 'rebuild_source', value: 'a' }] }]);
      settle(0, 'lost');
      runAll(unitsAtEnd([], progress(), time));
      expect(rows.all(STORE_FACTS)).toEqual([origin, { name: 'rebuilt_at', value: String(NOON + 1) }]);
      expect(progress()).toEqual({ position: 0, losses: new Map() });
    });
  });
});
