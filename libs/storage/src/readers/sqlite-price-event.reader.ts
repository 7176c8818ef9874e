import {
  PriceEventReader,
  compareCodePoints,
  latestStamp,
  type Clock,
  type EpochMicros,
  type PriceEvent,
  type PriceEventKey,
  type TimeKey,
  type TimeRange,
} from '@app/domain';
import { mergeByTime } from '@app/history';
import { PRICE_EVENT_COLUMNS, toPriceEvent, type PriceEventRow } from './price-event-row';
import type { ReadStore } from './read-store';
import { rowPages } from './row-pages';

const BEFORE = `SELECT ${PRICE_EVENT_COLUMNS} FROM price_events
  WHERE symbol = ? AND (timestamp, source) < (?, ?) ORDER BY timestamp DESC, source DESC LIMIT ?`;
const AFTER = `SELECT ${PRICE_EVENT_COLUMNS} FROM price_events
  WHERE symbol = ? AND (timestamp, source) > (?, ?) AND timestamp < ? ORDER BY timestamp, source LIMIT ?`;

/** A place among the events of one symbol. */
interface Place {
  readonly timestamp: EpochMicros;
  readonly source: string;
}

/** The place before the first event of an instant: no source is empty. */
const atStartOf = (timestamp: EpochMicros): Place => ({ timestamp, source: '' });

/** Where reading goes on in a symbol after a key, in ascending order. */
function placeAfter({ time, symbol: last, source }: PriceEventKey, symbol: string): Place {
  if (symbol === last) return { timestamp: time, source };
  return atStartOf(compareCodePoints(symbol, last) > 0 ? time : time + 1);
}

/** The same when times descend (symbols still ascend). */
function placeBefore({ time, symbol: last, source }: PriceEventKey, symbol: string): Place {
  if (symbol === last) return { timestamp: time, source };
  return atStartOf(compareCodePoints(symbol, last) > 0 ? time + 1 : time);
}

const keyOf = (row: PriceEventRow): TimeKey => ({ time: row.timestamp, symbol: row.symbol });

export class SqlitePriceEventReader extends PriceEventReader {
  constructor(
    private readonly store: ReadStore,
    private readonly clock: Clock,
  ) {
    super();
  }

  latest(symbols: readonly string[], limit: number, after?: PriceEventKey): Promise<PriceEvent[]> {
    return this.store.read(() => {
      const statement = this.store.statement<[string, number, string, number], PriceEventRow>(BEFORE);
      const end = this.endOfNewest();
      const sources = symbols.map((symbol) => {
        const place = after && placeBefore(after, symbol);
        const newest = place && place.timestamp < end.timestamp ? place : end;
        return rowPages<PriceEventRow>(
          (last, size) => {
            const { timestamp, source } = last ?? newest;
            return statement.all(symbol, timestamp, source, size);
          },
          limit,
          symbols.length,
        );
      });
      return mergeByTime(sources, keyOf, 'descending', limit).map(toPriceEvent);
    });
  }

  range(
    symbols: readonly string[],
    { start, end }: TimeRange,
    limit: number,
    after?: PriceEventKey,
  ): Promise<PriceEvent[]> {
    return this.store.read(() => {
      const statement = this.store.statement<[string, number, string, number, number], PriceEventRow>(AFTER);
      const sources = symbols.map((symbol) => {
        const place = after && placeAfter(after, symbol);
        const oldest = place && place.timestamp >= start ? place : atStartOf(start);
        return rowPages<PriceEventRow>(
          (last, size) => {
            const { timestamp, source } = last ?? oldest;
            return statement.all(symbol, timestamp, source, end, size);
          },
          limit,
          symbols.length,
        );
      });
      return mergeByTime(sources, keyOf, 'ascending', limit).map(toPriceEvent);
    });
  }

  newest(symbols: readonly string[]): Promise<PriceEvent[]> {
    return this.store.read(() => {
      const statement = this.store.statement<[string, number, string, number], PriceEventRow>(BEFORE);
      const { timestamp, source } = this.endOfNewest();
      return [...symbols]
        .sort(compareCodePoints)
        .flatMap((symbol) => statement.all(symbol, timestamp, source, 1))
        .map(toPriceEvent);
    });
  }

  countAhead(symbols: readonly string[]): Promise<number> {
    return this.store.read(() => {
      const statement = this.store.statement<[string, EpochMicros], { ahead: number }>(
        'SELECT count(*) AS ahead FROM price_events WHERE symbol = ? AND timestamp > ?',
      );
      const latest = latestStamp(this.clock.now());
      return symbols.reduce((sum, symbol) => sum + (statement.get(symbol, latest)?.ahead ?? 0), 0);
    });
  }

  /** The place behind the newest event that counts. */
  private endOfNewest(): Place {
    return atStartOf(latestStamp(this.clock.now()) + 1);
  }
}
