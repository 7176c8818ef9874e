import type { Change, MinuteCandle, PriceChange, PriceEvent, SinkResult } from '@app/domain';
import type { SqliteHandle } from '../database/sqlite-connection';
import { LIVE_FEED, partitionFeed, type ChangeFeedWriter } from '../feed/change-feed.writer';
import { ClockSpans } from '../ledger/clock-spans';
import { CandleWriter, type CandleFate } from './candle.writer';
import { candleToWrite, type CheckedEvent } from './checked-event';
import type { ContradictionCounter } from './contradiction-counter';
import type { EventLines } from './event-lines';
import { PriceEventWriter } from './price-event.writer';

/** What became of the events of a unit. */
export interface WrittenEvents {
  readonly result: SinkResult;
  /**
   * The events whose lines belong into bronze: repeats that were kept without a line and have become versions, and after
   * them those of the given ones that are kept, in the given order. A candle that only repeats is kept too, for what is
   * stored must follow from bronze and what was fetched: without its line, a database made anew would lack it.
   */
  readonly kept: readonly CheckedEvent[];
  /** Of these, the ones that were taken or revise. */
  readonly taken: readonly CheckedEvent[];
  /** What the change feed tells of it. */
  readonly changes: readonly Change[];
}

/** Takes events into tables. Inside write units only. */
export interface EventRows {
  write(events: readonly CheckedEvent[]): WrittenEvents;
}

/** Silver rows with their roll-ups and ledger. */
export class HistoryRows implements EventRows {
  private readonly prices: PriceEventWriter;
  private readonly candles: CandleWriter;
  private readonly spans: ClockSpans;

  constructor(database: SqliteHandle) {
    this.prices = new PriceEventWriter(database);
    this.candles = new CandleWriter(database);
    this.spans = new ClockSpans(database);
  }

  write(events: readonly CheckedEvent[]): WrittenEvents {
    const prices: PriceEvent[] = [];
    const minutes: MinuteCandle[] = [];
    for (const checked of events) {
      if (checked.kind === 'price') prices.push(checked.event);
      else minutes.push(checked.event);
    }
    const areNew = this.prices.write(prices);
    const candles = this.candles.write(minutes, this.spans.all());
    const result = { taken: 0, repeats: 0, revisions: 0 };
    const kept: CheckedEvent[] = candles.surfaced.map(candleToWrite);
    const taken = [...kept];
    let [price, minute] = [0, 0];
    for (const checked of events) {
      let [fate, isKept]: [CandleFate | undefined, boolean | undefined] = ['repeat', false];
      if (checked.kind === 'candle') {
        [fate, isKept] = [candles.fates[minute], candles.kept[minute]];
        minute += 1;
      } else if (areNew[price++]) [fate, isKept] = ['taken', true];
      if (isKept) kept.push(checked);
      if (fate === 'repeat') {
        result.repeats += 1;
        continue;
      }
      if (fate === 'revision') result.revisions += 1;
      else result.taken += 1;
      taken.push(checked);
    }
    const newPrices: PriceChange[] = prices.filter((_, index) => areNew[index]);
    return {
      result,
      kept,
      taken,
      changes: [
        { kind: 'prices', items: newPrices },
        { kind: 'candles', items: candles.changed },
      ],
    };
  }
}

/** Which of the broker's partitions brought the events of a unit; null in direct mode. */
export type SourcePartition = { readonly topic: string; readonly partition: number } | null;

/** Writes events to their tables, and the lines of those that are kept to bronze. Inside write units only. */
export class EventWriter {
  constructor(
    private readonly rows: EventRows,
    private readonly lines: EventLines,
    private readonly feed: ChangeFeedWriter,
    private readonly contradictions: ContradictionCounter,
  ) {}

  /** Rows first, then the lines, flushed. */
  write(events: readonly CheckedEvent[], source: SourcePartition): SinkResult {
    const { result, kept, taken, changes } = this.rows.write(events);
    this.lines.append(kept, source?.partition ?? null);
    this.contradictions.countEvents(taken);
    this.tell(changes, source);
    return result;
  }

  /** Rows only: for lines that are in bronze already. */
  writeRows(events: readonly CheckedEvent[], source: SourcePartition): SinkResult {
    const { result, changes } = this.rows.write(events);
    this.tell(changes, source);
    return result;
  }

  private tell(changes: readonly Change[], source: SourcePartition): void {
    const feed = source === null ? LIVE_FEED : partitionFeed(source.topic, source.partition);
    for (const change of changes) this.feed.note(feed, change);
  }
}
