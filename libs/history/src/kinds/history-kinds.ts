import {
  CANDLE_KIND,
  CANDLE_NUMBER_FIELDS,
  DAY,
  EventKinds,
  eventKinds,
  formatBucketTime,
  formatEventTime,
  HOUR,
  PRICE_KIND,
  type EventKind,
} from '@app/domain';
import { PRICE_EVENTS } from '../units/price-unit';
import { CANDLE_REPEATS, CANDLE_REVISIONS, CANDLES_1M } from './candle-tables';
import type { KindHistory } from './kind-history';

export const PRICE_HISTORY: KindHistory = {
  kind: PRICE_KIND.name,
  rows: PRICE_EVENTS,
  captures: [],
  time: 'timestamp',
  capturedAt: 'timestamp',
  content: ['lastPrice', 'priceChangePercent', 'volume'],
  pageSpan: HOUR,
  timeText: formatEventTime,
};

export const CANDLE_HISTORY: KindHistory = {
  kind: CANDLE_KIND.name,
  rows: CANDLES_1M,
  captures: [CANDLE_REVISIONS, CANDLE_REPEATS],
  time: 'openTime',
  capturedAt: 'capturedAt',
  content: ['closeTime', ...CANDLE_NUMBER_FIELDS],
  pageSpan: DAY,
  timeText: formatBucketTime,
};

const KIND_HISTORIES: readonly KindHistory[] = [PRICE_HISTORY, CANDLE_HISTORY];

/** The kinds of events of a store, each with what is kept of it. */
export class HistoryKinds extends EventKinds {
  private readonly histories: ReadonlyMap<string, KindHistory>;

  constructor(kinds: Iterable<EventKind>, histories: Iterable<KindHistory> = KIND_HISTORIES) {
    super(kinds);
    this.histories = new Map([...histories].map((history) => [history.kind, history]));
    for (const kind of this) this.historyOf(kind);
  }

  historyOf({ name }: EventKind): KindHistory {
    const history = this.histories.get(name);
    if (!history) throw new Error(`nothing says what is kept of events of the kind ${name}`);
    return history;
  }
}

/** All kinds; the price topic can be renamed (`TOPIC_NAME`). */
export function historyKinds(pricesTopic: string): HistoryKinds {
  return new HistoryKinds(eventKinds(pricesTopic));
}
