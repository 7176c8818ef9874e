import type { EpochMicros, PriceEvent } from '@app/domain';
import type { EventInquiry, EventPage, PriceRows } from '@app/history';
import { PRICE_EVENT_COLUMNS, toPriceEvent, type PriceEventValues } from './price-event-row';
import type { ReadStore } from './read-store';

const BEFORE = `SELECT ${PRICE_EVENT_COLUMNS} FROM price_events
  WHERE symbol = ? AND (timestamp, source) < (?, ?) ORDER BY timestamp DESC, source DESC LIMIT +?`;
const AFTER = `SELECT ${PRICE_EVENT_COLUMNS} FROM price_events
  WHERE symbol = ? AND (timestamp, source) > (?, ?) AND timestamp < ? ORDER BY timestamp, source LIMIT +?`;
const COUNT_AFTER = 'SELECT count(*) AS events FROM price_events WHERE symbol = ? AND timestamp > ?';

type BeforeParameters = [symbol: string, timestamp: EpochMicros, source: string, size: number];
type AfterParameters = [symbol: string, timestamp: EpochMicros, source: string, until: EpochMicros, size: number];

export class SqlitePriceRows implements PriceRows {
  constructor(private readonly store: ReadStore) {}

  find(inquiry: EventInquiry): Promise<PriceEvent[]> {
    return this.store.readInOneState(() => {
      let step = inquiry.next([]);
      while (!step.done) step = inquiry.next(step.value.map((page) => this.page(page)));
      return step.value;
    });
  }

  countAfter(symbols: readonly string[], time: EpochMicros): Promise<number> {
    return this.store.readInOneState(() => {
      const statement = this.store.statement<[string, EpochMicros], { events: number }>(COUNT_AFTER);
      return symbols.reduce((sum, symbol) => sum + (statement.get(symbol, time)?.events ?? 0), 0);
    });
  }

  private page(page: EventPage): PriceEvent[] {
    const { symbol, size } = page;
    if ('before' in page) {
      const { timestamp, source } = page.before;
      return this.store
        .rawStatement<BeforeParameters, PriceEventValues>(BEFORE)
        .all(symbol, timestamp, source, size)
        .map(toPriceEvent);
    }
    const { timestamp, source } = page.after;
    return this.store
      .rawStatement<AfterParameters, PriceEventValues>(AFTER)
      .all(symbol, timestamp, source, page.until, size)
      .map(toPriceEvent);
  }
}
