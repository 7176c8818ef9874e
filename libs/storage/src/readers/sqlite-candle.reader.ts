import {
  CandleReader,
  MILLISECOND,
  intervalLength,
  type StoredCandle,
  type StoredInterval,
  type TimeKey,
  type TimeRange,
} from '@app/domain';
import {
  MINUTE_COLUMNS,
  ROLL_UP_COLUMNS,
  toStoredMinute,
  toRollUp,
  type MinuteCandleRow,
  type RollUpRow,
} from '../sink/candle-row';
import { mergeByTime } from './merge-by-time';
import type { ReadStore } from './read-store';
import { rowPages } from './row-pages';
import { firstTimeAfter } from './time-key';

/** `source` of hours and days: they are made here, from minutes of the exchange. */
export const ROLL_UP_SOURCE = 'rollup_1m';

const COLUMNS: Readonly<Record<StoredInterval, string>> = {
  '1m': MINUTE_COLUMNS,
  '1h': ROLL_UP_COLUMNS,
  '1d': ROLL_UP_COLUMNS,
};

function toStoredRollUp(row: RollUpRow, interval: StoredInterval): StoredCandle {
  const { open, high, low, close, volume, quoteVolume, tradeCount, takerBuyVolume, takerBuyQuoteVolume } =
    toRollUp(row);
  return {
    symbol: row.symbol,
    openTime: row.open_time,
    closeTime: row.open_time + intervalLength(interval) - MILLISECOND,
    open,
    high,
    low,
    close,
    volume,
    quoteVolume,
    tradeCount,
    takerBuyVolume,
    takerBuyQuoteVolume,
    source: ROLL_UP_SOURCE,
    capturedAt: row.captured_at,
    revision: row.revision,
  };
}

export class SqliteCandleReader extends CandleReader {
  constructor(private readonly store: ReadStore) {
    super();
  }

  range(
    symbols: readonly string[],
    interval: StoredInterval,
    { start = 0, end = Number.MAX_SAFE_INTEGER }: Partial<TimeRange>,
    limit: number,
    after?: TimeKey,
  ): Promise<StoredCandle[]> {
    return this.store.read(() => {
      const statement = this.store.statement<[string, number, number, number], MinuteCandleRow | RollUpRow>(
        `SELECT ${COLUMNS[interval]} FROM candles_${interval}
         WHERE symbol = ? AND open_time >= ? AND open_time < ? ORDER BY open_time LIMIT ?`,
      );
      const sources = symbols.map((symbol) => {
        const oldest = after ? Math.max(start, firstTimeAfter(after, symbol)) : start;
        return rowPages<MinuteCandleRow | RollUpRow>(
          (last, size) => statement.all(symbol, last ? last.open_time + 1 : oldest, end, size),
          limit,
          symbols.length,
        );
      });
      return mergeByTime(sources, (row) => ({ time: row.open_time, symbol: row.symbol }), 'ascending', limit).map(
        (row) => ('minutes' in row ? toStoredRollUp(row, interval) : toStoredMinute(row)),
      );
    });
  }
}
