import { createHash } from 'node:crypto';
import {
  CANDLE_KIND,
  eventToWrite,
  PRICE_KIND,
  type CheckedEvent,
  type Clock,
  type EventKind,
  type EventKinds,
  type MinuteCandle,
} from '@app/domain';
import {
  clockSpans,
  findIn,
  keyedUnit,
  KeyMemory,
  priceUnit,
  takenKeysUnit,
  type HistoryKinds,
  type KindOutcome,
  type Rows,
} from '@app/history';
import type { CandleWriter } from './candle.writer';
import { UnitKindWriter, type KindWriter, type KindWriters } from './event-writer';

/** Minutes with their versions, roll-ups and ledger. */
class CandleKindWriter implements KindWriter<MinuteCandle> {
  constructor(
    private readonly kind: EventKind<MinuteCandle>,
    private readonly rows: Rows,
    private readonly candles: CandleWriter,
  ) {}

  write(events: readonly CheckedEvent<MinuteCandle>[]): KindOutcome {
    const minutes = events.map(({ event }) => event);
    const spans = findIn(this.rows, clockSpans());
    const { outcomes, kept, promoted, changed } = this.candles.write(minutes, spans);
    return {
      outcomes,
      kept,
      promoted: promoted.map((candle) => eventToWrite(this.kind, candle)),
      changes: [{ kind: 'candles', items: changed }],
    };
  }
}

/** What writers of kinds are made of. */
interface WriterParts {
  readonly rows: Rows;
  readonly candles: CandleWriter;
}

type MakeWriter = (kind: EventKind, parts: WriterParts) => KindWriter;

/** Writers of the kinds with rules of their own: what follows from their events is kept up with them. */
const WRITERS: ReadonlyMap<string, MakeWriter> = new Map<string, MakeWriter>([
  [PRICE_KIND.name, (_kind, { rows }) => new UnitKindWriter(rows, priceUnit)],
  [CANDLE_KIND.name, (kind, { rows, candles }) => new CandleKindWriter(kind as EventKind<MinuteCandle>, rows, candles)],
]);

/** Silver rows of all kinds, with what follows from them. */
export function historyWriters(kinds: HistoryKinds, parts: WriterParts): KindWriters {
  return new Map([...kinds].map((kind) => [kind.name, writerOf(kind, kinds, parts)]));
}

function writerOf(kind: EventKind, kinds: HistoryKinds, parts: WriterParts): KindWriter {
  const makeWriter = WRITERS.get(kind.name);
  if (makeWriter) return makeWriter(kind, parts);
  if (kind.contentOf) throw new Error(`nothing keeps the revisions of events of the kind ${kind.name}`);
  const history = kinds.historyOf(kind);
  return new UnitKindWriter(parts.rows, (events: readonly unknown[]) => keyedUnit(kind, history, events));
}

/** In place of rows, the keys of what was taken: for a store that keeps bronze files only. */
export function rememberedKeys(kinds: EventKinds, rows: Rows, clock: Clock): KindWriters {
  const memory = new KeyMemory((content) => createHash('sha256').update(content).digest('base64url'));
  const writerOf = (kind: EventKind): KindWriter =>
    new UnitKindWriter(rows, (events: readonly unknown[]) => takenKeysUnit(kind, events, clock.now(), memory));
  return new Map([...kinds].map((kind) => [kind.name, writerOf(kind)]));
}
