import { MINUTE } from '@app/domain';
import { buildMinute, MemoryRows } from '@app/testing';
import { CANDLES_1M } from '../kinds/candle-tables';
import { findOnly, runUnit } from '../rows/unit';
import { lastMinuteOf, storedMinutes } from './stored-minutes';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;

describe('stored minutes', () => {
  const minutes = [2, 0, 1].map((index) => buildMinute('BTCUSDT', NOON + index * MINUTE));
  let rows: MemoryRows;

  beforeEach(() => {
    rows = new MemoryRows();
    const all = [...minutes, buildMinute('ETHUSDT', NOON + 5 * MINUTE)];
    rows.apply([{ kind: 'add', table: CANDLES_1M, rows: all.map((minute) => ({ ...minute, revision: 3 })) }]);
  });

  it('should be those of a half-open range, ascending, as they were captured', () => {
    const find = (start: number, end: number) =>
      runUnit(rows, findOnly(storedMinutes('BTCUSDT', { start: NOON + start * MINUTE, end: NOON + end * MINUTE })));
    expect(find(0, 3)).toEqual([minutes[1], minutes[2], minutes[0]]);
    expect(find(1, 2)).toEqual([minutes[2]]);
    expect(find(3, 9)).toEqual([]);
  });

  it('should end with the newest of the symbol, where there is one', () => {
    const last = (symbol: string) => runUnit(rows, findOnly(lastMinuteOf(symbol)));
    expect([last('BTCUSDT'), last('ETHUSDT'), last('SOLUSDT')]).toEqual([
      NOON + 2 * MINUTE,
      NOON + 5 * MINUTE,
      undefined,
    ]);
  });
});
