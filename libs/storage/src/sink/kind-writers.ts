import {
  CANDLE_KIND,
  eventToWrite,
  PRICE_KIND,
  type CheckedEvent,
  type EventKind,
  type MinuteCandle,
  type PriceChange,
  type PriceEvent,
} from '@app/domain';
import { priceUnit, runUnit, type HistoryKinds, type Rows } from '@app/history';
import type { SqliteHandle } from '../database/sqlite-connection';
import { ClockSpans } from '../ledger/clock-spans';
import { SqliteRows } from '../rows/sqlite-rows';
import { CandleWriter } from './candle.writer';
import type { KindOutcome, KindWriter, KindWriters } from './event-writer';
import { KeyedKindWriter } from './keyed-kind.writer';

/** Prices with what their days say of themselves. */
class PriceKindWriter implements KindWriter<PriceEvent> {
  constructor(private readonly rows: Rows) {}

  write(events: readonly CheckedEvent<PriceEvent>[]): KindOutcome {
    const prices = events.map(({ event }) => event);
    const areNew = runUnit(this.rows, priceUnit(prices));
    const items: PriceChange[] = prices.filter((_, index) => areNew[index]);
    return {
      outcomes: areNew.map((isNew) => (isNew ? 'taken' : 'repeat')),
      kept: areNew,
      promoted: [],
      changes: [{ kind: 'prices', items }],
    };
  }
}

/** Minutes with their versions, roll-ups and ledger. */
class CandleKindWriter implements KindWriter<MinuteCandle> {
  private readonly candles: CandleWriter;
  private readonly spans: ClockSpans;

  constructor(
    private readonly kind: EventKind<MinuteCandle>,
    database: SqliteHandle,
  ) {
    this.candles = new CandleWriter(database);
    this.spans = new ClockSpans(database);
  }

  write(events: readonly CheckedEvent<MinuteCandle>[]): KindOutcome {
    const minutes = events.map(({ event }) => event);
    const { fates, kept, surfaced, changed } = this.candles.write(minutes, this.spans.all());
    return {
      outcomes: fates,
      kept,
      promoted: surfaced.map((candle) => eventToWrite(this.kind, candle)),
      changes: [{ kind: 'candles', items: changed }],
    };
  }
}

type MakeWriter = (kind: EventKind, database: SqliteHandle) => KindWriter;

/** Writers of the kinds with rules of their own: what follows from their events is kept up with them. */
const WRITERS: ReadonlyMap<string, MakeWriter> = new Map<string, MakeWriter>([
  [PRICE_KIND.name, (_, database) => new PriceKindWriter(new SqliteRows(database))],
  [CANDLE_KIND.name, (kind, database) => new CandleKindWriter(kind as EventKind<MinuteCandle>, database)],
]);

/** Silver rows of all kinds, with what follows from them. */
export function historyWriters(kinds: HistoryKinds, database: SqliteHandle): KindWriters {
  return new Map([...kinds].map((kind) => [kind.name, writerOf(kind, kinds, database)]));
}

function writerOf(kind: EventKind, kinds: HistoryKinds, database: SqliteHandle): KindWriter {
  const makeWriter = WRITERS.get(kind.name);
  if (makeWriter) return makeWriter(kind, database);
  if (kind.contentOf) throw new Error(`nothing keeps the revisions of events of the kind ${kind.name}`);
  return new KeyedKindWriter(kinds.historyOf(kind), database);
}
