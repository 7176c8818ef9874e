import { DAY, floorTo, isRepaired, MINUTE, SECOND, type EpochMicros } from '@app/domain';
import { MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { runsOfMinutes, type RecordedMinute } from '../ledger-runs';
import type { ChangedCandle } from '../minute-marks';
import { runUnit, type RowChange } from '../rows/unit';
import {
  COVERAGE,
  COVERAGE_DAYS,
  DAY_CAPTURES,
  EARLIER_CAPTURES,
  MINUTE_TRADES,
  SYMBOL_FRAMES,
  type SymbolFrameRow,
} from './ledger-tables';
import { minuteLedgerUnit } from './minute-ledger-unit';

const MIDNIGHT = Date.UTC(2026, 0, 15) * 1_000;

/** A candle as it was captured, some of them off the full minute. */
interface Capture {
  readonly symbol: string;
  readonly openTime: EpochMicros;
  readonly tradeCount: number;
  readonly capturedAt: EpochMicros;
}

const capture = fc
  .record({
    symbol: fc.constantFrom('BTCUSDT', '币安人生USDT'),
    minute: fc.integer({ min: -8, max: 8 }),
    isOff: fc.boolean(),
    tradeCount: fc.constantFrom(0, 3),
    delay: fc.integer({ min: 0, max: 25 }),
  })
  .map(({ symbol, minute, isOff, tradeCount, delay }): Capture => {
    const openTime = MIDNIGHT + minute * MINUTE + (isOff ? 20 * SECOND : 0);
    return { symbol, openTime, tradeCount, capturedAt: openTime + MINUTE + delay * MINUTE + SECOND };
  });

const batches = fc.array(fc.array(capture, { maxLength: 12 }), { minLength: 1, maxLength: 4 });

/** Whether somebody had begun to track the symbols, and from where on they are accounted for. */
const frame = fc.record({
  trackedSince: fc.option(fc.integer({ min: -20, max: 20 }).map((minute) => MIDNIGHT + minute * MINUTE)),
  ledgerFloor: fc.option(fc.constant(MIDNIGHT)),
});

type Frame = Pick<SymbolFrameRow, 'trackedSince' | 'ledgerFloor'>;

/** Rows of minutes and days, and the ledger that is kept up with them. */
class Store {
  readonly rows = new MemoryRows();
  private readonly captures = new Map<string, Capture[]>();

  begin(frames: Frame): void {
    this.put(
      ['BTCUSDT', '币安人生USDT'].map((symbol) => ({ symbol, ledgerStart: null, firstCapturedAt: null, ...frames })),
    );
  }

  /** Writes the captures as a unit does: rows first, then what is accounted for. */
  write(batch: readonly Capture[]): void {
    const changed = new Map<string, Map<EpochMicros, ChangedCandle>>();
    for (const one of batch) {
      const ofSymbol = changed.get(one.symbol) ?? new Map<EpochMicros, ChangedCandle>();
      changed.set(one.symbol, ofSymbol);
      ofSymbol.set(one.openTime, this.keep(one));
    }
    runUnit(
      this.rows,
      minuteLedgerUnit([...changed].map(([symbol, candles]) => ({ symbol, changed: [...candles.values()] }))),
    );
  }

  all(): unknown {
    return [COVERAGE, COVERAGE_DAYS, SYMBOL_FRAMES].map((table) => this.rows.all(table as typeof COVERAGE));
  }

  private put(rows: readonly SymbolFrameRow[]): void {
    this.rows.apply([{ kind: 'put', table: SYMBOL_FRAMES, rows }]);
  }

  private keep(given: Capture): ChangedCandle {
    const { symbol, openTime } = given;
    const key = `${symbol} ${openTime}`;
    const isNew = !this.captures.has(key);
    const all = [...(this.captures.get(key) ?? []), given].sort((a, b) => a.capturedAt - b.capturedAt);
    this.captures.set(key, all);
    const [first = given, current = given] = [all.at(0), all.at(-1)];
    const earlier = all.slice(0, -1).map((one, index) => ({ ...one, revision: index + 1 }));
    const date = floorTo(openTime, DAY);
    const [stored] = this.rows.load([{ table: DAY_CAPTURES, keys: [[symbol, date]] }])[0] as [{ capturedAt: number }?];
    const capturedAt = Math.max(current.capturedAt, stored?.capturedAt ?? 0);
    const changes: RowChange[] = [
      { kind: 'put', table: MINUTE_TRADES, rows: [current] },
      { kind: 'put', table: EARLIER_CAPTURES, rows: earlier },
      { kind: 'put', table: DAY_CAPTURES, rows: [{ symbol, openTime: date, capturedAt }] },
    ];
    this.rows.apply(changes);
    return { openTime, tradeCount: current.tradeCount, firstCapturedAt: first.capturedAt, isNew };
  }
}

/** What the ledger is to say of the captures of one symbol, minute by minute. */
function minutesOf(captures: readonly Capture[], { trackedSince, ledgerFloor }: Frame): RecordedMinute[] {
  const since = trackedSince ?? Math.min(...captures.map(({ capturedAt }) => capturedAt));
  const minutes = new Set(captures.map(({ openTime }) => floorTo(openTime, MINUTE)));
  return [...minutes]
    .filter((minute) => minute >= (ledgerFloor ?? 0))
    .map((minute) => {
      const own = captures.filter(({ openTime }) => floorTo(openTime, MINUTE) === minute);
      const isTraded = own.some((one) => {
        const others = own.filter(({ openTime }) => openTime === one.openTime);
        // Of captures at the same instant, the one that came last is the current one here.
        const newest = Math.max(...others.map(({ capturedAt }) => capturedAt));
        return others.filter(({ capturedAt }) => capturedAt === newest).at(-1) === one && one.tradeCount > 0;
      });
      const first = Math.min(...own.map(({ capturedAt }) => capturedAt));
      return { minute, state: isTraded ? 'captured' : 'quiet', repaired: isRepaired(minute, first, since) };
    });
}

describe('the unit of the ledger after minutes', () => {
  it('should account for each minute by all its rows, and sum up days, whatever came in which order and unit', () => {
    fc.assert(
      fc.property(batches, frame, (given, frames) => {
        const store = new Store();
        store.begin(frames);
        for (const batch of given) store.write(batch);
        for (const symbol of ['BTCUSDT', '币安人生USDT']) {
          const captures = given.flat().filter((one) => one.symbol === symbol);
          if (captures.length === 0) continue;
          const minutes = minutesOf(captures, frames);
          const runs = runsOfMinutes(minutes).map(({ start, end, state, repaired }) => ({
            symbol,
            startTime: start,
            endTime: end,
            state,
            repaired,
          }));
          expect(store.rows.all(COVERAGE).filter((row) => row.symbol === symbol)).toEqual(runs);

          const dates = [...new Set(minutes.map(({ minute }) => floorTo(minute, DAY)))].sort((a, b) => a - b);
          const days = dates.map((date) => {
            const ofDay = minutes.filter(({ minute }) => floorTo(minute, DAY) === date);
            const count = (state: string): number => ofDay.filter((one) => one.state === state).length;
            const newest = captures
              .filter(({ openTime }) => floorTo(openTime, DAY) === date)
              .map(({ capturedAt }) => capturedAt);
            return {
              symbol,
              date,
              captured: count('captured'),
              quiet: count('quiet'),
              stopped: 0,
              repaired: ofDay.filter(({ repaired }) => repaired).length,
              changedAt: Math.max(...newest),
              stoppedAt: null,
            };
          });
          expect(store.rows.all(COVERAGE_DAYS).filter((row) => row.symbol === symbol)).toEqual(days);

          const first = Math.min(...captures.map(({ openTime }) => floorTo(openTime, MINUTE)));
          expect(store.rows.all(SYMBOL_FRAMES).filter((row) => row.symbol === symbol)).toEqual([
            {
              symbol,
              ...frames,
              ledgerStart: Math.max(first, frames.ledgerFloor ?? 0),
              firstCapturedAt: Math.min(...captures.map(({ capturedAt }) => capturedAt)),
            },
          ]);
        }
      }),
    );
  });

  it('should be the same in one unit as in several', () => {
    fc.assert(
      fc.property(batches, frame, (given, frames) => {
        const [one, several] = [new Store(), new Store()];
        for (const store of [one, several]) store.begin(frames);
        for (const batch of given) several.write(batch);
        one.write(given.flat());
        expect(one.all()).toEqual(several.all());
      }),
    );
  });

  it('should ask twice for the live minutes of all symbols, and not at all where nothing changed', () => {
    const store = new Store();
    const live = (minute: number): Capture[] =>
      ['BTCUSDT', '币安人生USDT'].map((symbol) => {
        const openTime = MIDNIGHT + minute * MINUTE;
        return { symbol, openTime, tradeCount: 1, capturedAt: openTime + MINUTE + SECOND };
      });
    store.write(live(0));
    store.write(live(1));
    store.rows.rounds = 0;
    runUnit(store.rows, minuteLedgerUnit([]));
    runUnit(store.rows, minuteLedgerUnit([{ symbol: 'BTCUSDT', changed: [] }]));
    expect(store.rows.rounds).toBe(0);

    const unit = minuteLedgerUnit(
      live(2).map(({ symbol, openTime, tradeCount, capturedAt }) => ({
        symbol,
        changed: [{ openTime, tradeCount, firstCapturedAt: capturedAt, isNew: true }],
      })),
    );
    let step = unit.next([]);
    while (!step.done) step = unit.next(store.rows.load(step.value));
    expect(store.rows.rounds).toBe(2);
    const rows = step.value.changes.flatMap((change) => ('rows' in change ? change.rows : []));
    expect(rows).toEqual([
      expect.objectContaining({ symbol: 'BTCUSDT', startTime: MIDNIGHT, endTime: MIDNIGHT + 3 * MINUTE }),
      expect.objectContaining({ symbol: '币安人生USDT', startTime: MIDNIGHT, endTime: MIDNIGHT + 3 * MINUTE }),
      expect.objectContaining({ symbol: 'BTCUSDT', captured: 3 }),
      expect.objectContaining({ symbol: '币安人生USDT', captured: 3 }),
    ]);
  });
});
