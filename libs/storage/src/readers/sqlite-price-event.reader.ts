import { PriceEventReader, compareCodePoints, type PriceEvent, type TimeKey, type TimeRange } from '@app/domain';
import { mergeByTime } from './merge-by-time';
import type { ReadStore } from './read-store';
import { rowPages } from './row-pages';
import { firstTimeAfter, lastTimeAfter } from './time-key';

interface PriceEventRow {
  readonly symbol: string;
  readonly timestamp: number;
  readonly source: string;
  readonly last_price: string;
  readonly price_change_percent: string;
  readonly volume: string;
}

const COLUMNS = 'symbol, timestamp, source, last_price, price_change_percent, volume';
const FROM_NEWEST = `SELECT ${COLUMNS} FROM price_events
  WHERE symbol = ? AND timestamp <= ? ORDER BY timestamp DESC LIMIT ?`;
const FROM_OLDEST = `SELECT ${COLUMNS} FROM price_events
  WHERE symbol = ? AND timestamp >= ? AND timestamp < ? ORDER BY timestamp LIMIT ?`;
const END_OF_TIME = Number.MAX_SAFE_INTEGER;

function toPriceEvent(row: PriceEventRow): PriceEvent {
  return {
    timestamp: row.timestamp,
    symbol: row.symbol,
    lastPrice: row.last_price,
    priceChangePercent: row.price_change_percent,
    volume: row.volume,
    source: row.source,
  };
}

const keyOf = (row: PriceEventRow): TimeKey => ({ time: row.timestamp, symbol: row.symbol });

export class SqlitePriceEventReader extends PriceEventReader {
  constructor(private readonly store: ReadStore) {
    super();
  }

  latest(symbols: readonly string[], limit: number, after?: TimeKey): Promise<PriceEvent[]> {
    return this.store.read(() => {
      const statement = this.store.statement<[string, number, number], PriceEventRow>(FROM_NEWEST);
      const sources = symbols.map((symbol) => {
        const newest = after ? lastTimeAfter(after, symbol) : END_OF_TIME;
        return rowPages<PriceEventRow>(
          (last, size) => statement.all(symbol, last ? last.timestamp - 1 : newest, size),
          limit,
          symbols.length,
        );
      });
      return mergeByTime(sources, keyOf, 'descending', limit).map(toPriceEvent);
    });
  }

  range(symbols: readonly string[], { start, end }: TimeRange, limit: number, after?: TimeKey): Promise<PriceEvent[]> {
    return this.store.read(() => {
      const statement = this.store.statement<[string, number, number, number], PriceEventRow>(FROM_OLDEST);
      const sources = symbols.map((symbol) => {
        const oldest = after ? Math.max(start, firstTimeAfter(after, symbol)) : start;
        return rowPages<PriceEventRow>(
          (last, size) => statement.all(symbol, last ? last.timestamp + 1 : oldest, end, size),
          limit,
          symbols.length,
        );
      });
      return mergeByTime(sources, keyOf, 'ascending', limit).map(toPriceEvent);
    });
  }

  newest(symbols: readonly string[]): Promise<PriceEvent[]> {
    return this.store.read(() => {
      const statement = this.store.statement<[string, number, number], PriceEventRow>(FROM_NEWEST);
      return [...symbols]
        .sort(compareCodePoints)
        .flatMap((symbol) => statement.all(symbol, END_OF_TIME, 1))
        .map(toPriceEvent);
    });
  }
}
