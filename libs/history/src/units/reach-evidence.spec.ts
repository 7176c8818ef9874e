import { DAY, floorTo, MINUTE, SECOND, type EpochMicros } from '@app/domain';
import { buildMinute, MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { CANDLES_1M } from '../kinds/candle-tables';
import { findOnly, runUnit } from '../rows/unit';
import { SYMBOL_LEDGERS, type SymbolLedgerRow } from './ledger-tables';
import { PRICE_EVENTS } from './price-unit';
import { reachEvidence } from './reach-evidence';

const BEGAN = Date.UTC(2026, 0, 15, 12) * 1_000;
const LONG_AFTER = BEGAN + 500 * DAY;

const ledger: SymbolLedgerRow = {
  symbol: 'BTCUSDT',
  trackedSince: BEGAN,
  ledgerStart: BEGAN - DAY,
  ledgerFloor: null,
  firstCapturedAt: null,
  backfillPlanned: true,
  reachChecked: false,
};

interface Price {
  readonly timestamp: EpochMicros;
  readonly lastPrice: string;
}

describe('what the first prices say of when a ledger began', () => {
  let rows: MemoryRows;

  beforeEach(() => {
    rows = new MemoryRows();
    begin();
  });

  const begin = (changes: Partial<SymbolLedgerRow> = {}): void => {
    rows.apply([{ kind: 'put', table: SYMBOL_LEDGERS, rows: [{ ...ledger, ...changes }] }]);
  };
  const poll = (prices: readonly Price[], symbol = 'BTCUSDT'): void => {
    const all = prices.map((price) => ({ symbol, source: 'ticker', priceChangePercent: '0', volume: '1', ...price }));
    rows.apply([{ kind: 'put', table: PRICE_EVENTS, rows: all }]);
  };
  const trade = (minute: EpochMicros, low: string, high: string, tradeCount = 3): void => {
    const candle = buildMinute('BTCUSDT', minute, { low, open: low, close: high, high, tradeCount });
    rows.apply([{ kind: 'put', table: CANDLES_1M, rows: [{ ...candle, revision: 1 }] }]);
  };
  const evidence = (now = LONG_AFTER) => runUnit(rows, findOnly(reachEvidence('BTCUSDT', now)));

  it.each<{ readonly which: string; readonly changes: Partial<SymbolLedgerRow>; readonly now?: EpochMicros }>([
    { which: 'that was looked at', changes: { reachChecked: true } },
    { which: 'that nobody has begun to track', changes: { backfillPlanned: false } },
    { which: 'that nobody has said of since when', changes: { trackedSince: null } },
    { which: 'that is a day old', changes: {}, now: BEGAN + DAY },
  ])('should be asked of no ledger $which', ({ changes, now }) => {
    begin(changes);
    poll([{ timestamp: BEGAN, lastPrice: '5' }]);
    expect(evidence(now)).toBeUndefined();
  });

  it('should be asked of no symbol that is not known, and of a ledger of more than a day', () => {
    expect(runUnit(rows, findOnly(reachEvidence('ETHUSDT', LONG_AFTER)))).toBeUndefined();
    expect(evidence(BEGAN + DAY + 1)).toEqual({ trackedSince: BEGAN, compared: 0, outside: 0, resumedAt: undefined });
  });

  it('should hold prices against what was traded two minutes around, as decimals', () => {
    trade(BEGAN, '9.50', '10.0');
    trade(BEGAN + MINUTE, '1', '99', 0);
    const compare = (timestamp: EpochMicros, lastPrice: string): readonly number[] => {
      rows.apply([{ kind: 'remove', table: PRICE_EVENTS, ranges: [{ prefix: ['BTCUSDT'] }] }]);
      poll([{ timestamp, lastPrice }]);
      const found = evidence();
      return [found?.compared ?? NaN, found?.outside ?? NaN];
    };
    expect(compare(BEGAN, '9.5')).toEqual([1, 0]);
    expect(compare(BEGAN, '10.000')).toEqual([1, 0]);
    expect(compare(BEGAN, '9.49')).toEqual([1, 1]);
    expect(compare(BEGAN, '10.01')).toEqual([1, 1]);
    expect(compare(BEGAN + 3 * MINUTE - 1, '11')).toEqual([1, 1]);
    expect(compare(BEGAN + 3 * MINUTE, '11')).toEqual([0, 0]);
    expect(compare(BEGAN - 2 * MINUTE, '11')).toEqual([1, 1]);
    expect(compare(BEGAN - 2 * MINUTE - 1, '11')).toEqual([0, 0]);
    // It lies between two minutes of which neither has it: prices move through what is in between.
    trade(BEGAN + MINUTE, '20', '30');
    expect(compare(BEGAN, '15')).toEqual([1, 0]);
  });

  it('should compare the first prices alone, of the symbol itself and from just before its ledger on', () => {
    const at = (index: number): EpochMicros => BEGAN - 10 * MINUTE + index * SECOND;
    for (let minute = -10; minute < 0; minute += 1) trade(BEGAN + minute * MINUTE, '1', '2');
    poll(Array.from({ length: 310 }, (_, index) => ({ timestamp: at(index), lastPrice: index < 300 ? '1' : '9' })));
    poll([{ timestamp: at(-1), lastPrice: '9' }]);
    poll([{ timestamp: at(0), lastPrice: '9' }], 'ETHUSDT');
    expect(evidence()).toEqual({ trackedSince: BEGAN, compared: 300, outside: 0, resumedAt: undefined });
  });

  it('should end with the first pause of more than a day, and name the price after it where any is outside', () => {
    const gaps = fc.array(fc.constantFrom(MINUTE, DAY - MINUTE, DAY, DAY + 1, 400 * DAY), { maxLength: 12 });
    fc.assert(
      fc.property(gaps, fc.boolean(), (given, isOutside) => {
        rows = new MemoryRows();
        begin();
        let timestamp = BEGAN;
        const times = [timestamp, ...given.map((gap) => (timestamp += gap))];
        const pause = given.findIndex((gap) => gap > DAY);
        for (const time of times) trade(floorTo(time, MINUTE), '1', '2');
        poll(times.map((time) => ({ timestamp: time, lastPrice: isOutside ? '9' : '1' })));
        const compared = pause < 0 ? times.length : pause + 1;
        expect(evidence(timestamp + 2 * DAY)).toEqual({
          trackedSince: BEGAN,
          compared,
          outside: isOutside ? compared : 0,
          resumedAt: isOutside && pause >= 0 ? times[pause + 1] : undefined,
        });
      }),
    );
  });
});
