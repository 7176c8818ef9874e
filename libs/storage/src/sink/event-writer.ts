import {
  DAY,
  floorTo,
  parseCandle,
  parsePriceEvent,
  serializeCandle,
  type EpochMicros,
  type EventKind,
  type MinuteCandle,
  type PriceEvent,
  type SinkResult,
  type TopicNames,
} from '@app/domain';
import type { BronzeArchive } from '../bronze/bronze-archive';
import type { SqliteHandle } from '../database/sqlite-connection';
import { CandleWriter } from './candle.writer';
import { PriceEventWriter } from './price-event.writer';

/** An event that has passed its contract, with the line that bronze will hold. */
export type CheckedEvent =
  | { readonly kind: 'price'; readonly line: string; readonly event: PriceEvent }
  | { readonly kind: 'candle'; readonly line: string; readonly event: MinuteCandle };

/** Checks one line against the contract of its kind. @throws ContractViolationError */
export function checkEvent(kind: EventKind, line: string): CheckedEvent {
  return kind === 'price' ? { kind, line, event: parsePriceEvent(line) } : { kind, line, event: parseCandle(line) };
}

function capturedAt(checked: CheckedEvent): EpochMicros {
  return checked.kind === 'price' ? checked.event.timestamp : checked.event.capturedAt;
}

/** Takes events into tables and says which of them were taken, in the given order. Inside write units only. */
export interface EventRows {
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
    const priceFates = this.prices.write(prices).values();
    const candles = this.candles.write(minutes);
    const candleFates = candles.fates.values();
    const result = { taken: 0, repeats: 0, revisions: 0 };
    const taken = events.filter(({ kind }) => {
      const fate = kind === 'candle' ? candleFates.next().value : priceFates.next().value ? 'taken' : 'repeat';
      if (fate === 'revision') result.revisions += 1;
      else if (fate === 'taken') result.taken += 1;
      else result.repeats += 1;
      return fate === 'revision' || fate === 'taken';
    });
    const surfaced = candles.surfaced.map((event): CheckedEvent => ({
      kind: 'candle',
      line: serializeCandle(event),
      event,
    }));
    return { result, taken: [...surfaced, ...taken] };
  }
}

/** Writes events to their tables, and the lines of those really taken to bronze. Inside write units only. */
export class EventWriter {
  constructor(
    private readonly rows: EventRows,
    private readonly archive: BronzeArchive,
    private readonly topics: TopicNames,
  ) {}

  /** Rows first, then the lines, flushed; `partition` is the broker's, null in direct mode. */
  write(events: readonly CheckedEvent[], partition: number | null): SinkResult {
    const { result, taken } = this.rows.write(events);
    this.appendLines(taken, partition);
    return result;
  }

  /** Rows only: for lines that are in bronze already. */
  writeRows(events: readonly CheckedEvent[]): SinkResult {
    return this.rows.write(events).result;
  }

  private appendLines(events: readonly CheckedEvent[], partition: number | null): void {
    const files = new Map<string, { topic: string; day: EpochMicros; lines: string[] }>();
    for (const checked of events) {
      const topic = this.topics[checked.kind];
      const day = floorTo(capturedAt(checked), DAY);
      const key = `${topic} ${day}`;
      const file = files.get(key);
      if (file) file.lines.push(checked.line);
      else files.set(key, { topic, day, lines: [checked.line] });
    }
    for (const { topic, day, lines } of files.values()) this.archive.append({ topic, partition }, day, lines);
  }
}
