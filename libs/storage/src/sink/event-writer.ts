import type { MinuteCandle, PriceEvent, SinkResult } from '@app/domain';
import type { SqliteHandle } from '../database/sqlite-connection';
import { CandleWriter } from './candle.writer';
import { candleToWrite, type CheckedEvent } from './checked-event';
import type { EventLines } from './event-lines';
import { PriceEventWriter } from './price-event.writer';

/** Takes events into tables. Inside write units only. */
export interface EventRows {
  /**
   * `taken` are the events whose lines belong into bronze: earlier repeats that have become versions, and after them
   * those of the given ones that were taken, in the given order.
   */
  write(events: readonly CheckedEvent[]): { readonly result: SinkResult; readonly taken: readonly CheckedEvent[] };
}

/** Silver rows with their roll-ups and ledger. */
export class HistoryRows implements EventRows {
  private readonly prices: PriceEventWriter;
  private readonly candles: CandleWriter;

  constructor(database: SqliteHandle) {
    this.prices = new PriceEventWriter(database);
    this.candles = new CandleWriter(database);
  }

  write(events: readonly CheckedEvent[]): { result: SinkResult; taken: CheckedEvent[] } {
    const prices: PriceEvent[] = [];
    const minutes: MinuteCandle[] = [];
    for (const checked of events) {
      if (checked.kind === 'price') prices.push(checked.event);
      else minutes.push(checked.event);
    }
    const areNew = this.prices.write(prices);
    const candles = this.candles.write(minutes);
    const result = { taken: 0, repeats: 0, revisions: 0 };
    const taken: CheckedEvent[] = candles.surfaced.map(candleToWrite);
    let [price, minute] = [0, 0];
    for (const checked of events) {
      const fate = checked.kind === 'candle' ? candles.fates[minute++] : areNew[price++] ? 'taken' : 'repeat';
      if (fate === 'repeat') {
        result.repeats += 1;
        continue;
      }
      if (fate === 'revision') result.revisions += 1;
      else result.taken += 1;
      taken.push(checked);
    }
    return { result, taken };
  }
}

/** Writes events to their tables, and the lines of those really taken to bronze. Inside write units only. */
export class EventWriter {
  constructor(
    private readonly rows: EventRows,
    private readonly lines: EventLines,
  ) {}

  /** Rows first, then the lines, flushed; `partition` is the broker's, null in direct mode. */
  write(events: readonly CheckedEvent[], partition: number | null): SinkResult {
    const { result, taken } = this.rows.write(events);
    this.lines.append(taken, partition);
    return result;
  }

  /** Rows only: for lines that are in bronze already. */
  writeRows(events: readonly CheckedEvent[]): SinkResult {
    return this.rows.write(events).result;
  }
}
