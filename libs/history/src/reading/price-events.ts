import {
  compareCodePoints,
  latestStamp,
  PriceEventReader,
  type Clock,
  type EpochMicros,
  type PriceEvent,
  type PriceEventKey,
  type TimeKey,
  type TimeRange,
} from '@app/domain';
import { mergePages, type NextPage } from '../merge-by-time';

/** A place among the events of one symbol, which are in order of their times and sources. */
export interface EventPlace {
  readonly timestamp: EpochMicros;
  readonly source: string;
}

/** Asks for events of a symbol before a place, the latest first; at most `size` of them. */
export interface EventsBefore {
  readonly symbol: string;
  readonly before: EventPlace;
  readonly size: number;
}

/** Asks for events of a symbol after a place and before a time, the earliest first; at most `size` of them. */
export interface EventsAfter {
  readonly symbol: string;
  readonly after: EventPlace;
  readonly until: EpochMicros;
  readonly size: number;
}

export type EventPage = EventsBefore | EventsAfter;

/** Asks for pages of events, round by round: those of a round are answered in their order. */
export type EventInquiry = Generator<readonly EventPage[], PriceEvent[], readonly (readonly PriceEvent[])[]>;

/** Price events of a store. */
export interface PriceRows {
  /** Answers an inquiry, all of it in one state of the store. */
  find(inquiry: EventInquiry): Promise<PriceEvent[]>;
  /** How many events of the symbols are later than a time. */
  countAfter(symbols: readonly string[], time: EpochMicros): Promise<number>;
}

/** Price events by time, whatever symbol they are of. */
export class PriceEvents extends PriceEventReader {
  constructor(
    private readonly rows: PriceRows,
    private readonly clock: Clock,
  ) {
    super();
  }

  latest(symbols: readonly string[], limit: number, after?: PriceEventKey): Promise<PriceEvent[]> {
    return this.rows.find(latestEvents(symbols, this.clock.now(), limit, after));
  }

  range(symbols: readonly string[], range: TimeRange, limit: number, after?: PriceEventKey): Promise<PriceEvent[]> {
    return this.rows.find(eventsInRange(symbols, range, limit, after));
  }

  newest(symbols: readonly string[]): Promise<PriceEvent[]> {
    return this.rows.find(newestEvents(symbols, this.clock.now()));
  }

  countAhead(symbols: readonly string[]): Promise<number> {
    return this.rows.countAfter(symbols, latestStamp(this.clock.now()));
  }
}

/** The place before the first event of an instant: no source is empty. */
const atStartOf = (timestamp: EpochMicros): EventPlace => ({ timestamp, source: '' });

/** The place behind the newest event that counts. */
const endOfNewest = (now: EpochMicros): EventPlace => atStartOf(latestStamp(now) + 1);

/** Where reading goes on in a symbol after a key, in ascending order. */
function placeAfter({ time, symbol: last, source }: PriceEventKey, symbol: string): EventPlace {
  if (symbol === last) return { timestamp: time, source };
  return atStartOf(compareCodePoints(symbol, last) > 0 ? time : time + 1);
}

/** The same when times descend (symbols still ascend). */
function placeBefore({ time, symbol: last, source }: PriceEventKey, symbol: string): EventPlace {
  if (symbol === last) return { timestamp: time, source };
  return atStartOf(compareCodePoints(symbol, last) > 0 ? time + 1 : time);
}

const keyOf = ({ timestamp, symbol }: PriceEvent): TimeKey => ({ time: timestamp, symbol });

function* latestEvents(
  symbols: readonly string[],
  now: EpochMicros,
  limit: number,
  after: PriceEventKey | undefined,
): EventInquiry {
  const end = endOfNewest(now);
  const starts = symbols.map((symbol) => {
    const place = after && placeBefore(after, symbol);
    return place && place.timestamp < end.timestamp ? place : end;
  });
  return yield* mergedPages(symbols, 'descending', limit, (symbol, { source, last, size }) => ({
    symbol,
    before: last ?? starts[source] ?? end,
    size,
  }));
}

function* eventsInRange(
  symbols: readonly string[],
  { start, end }: TimeRange,
  limit: number,
  after: PriceEventKey | undefined,
): EventInquiry {
  const first = atStartOf(start);
  const starts = symbols.map((symbol) => {
    const place = after && placeAfter(after, symbol);
    return place && place.timestamp >= start ? place : first;
  });
  return yield* mergedPages(symbols, 'ascending', limit, (symbol, { source, last, size }) => ({
    symbol,
    after: last ?? starts[source] ?? first,
    until: end,
    size,
  }));
}

function* mergedPages(
  symbols: readonly string[],
  order: 'ascending' | 'descending',
  limit: number,
  pageOf: (symbol: string, next: NextPage<PriceEvent>) => EventPage,
): EventInquiry {
  const merge = mergePages(symbols.length, keyOf, order, limit);
  let step = merge.next([]);
  while (!step.done) {
    const pages = step.value.map((next) => pageOf(symbols[next.source] ?? '', next));
    step = merge.next(yield pages);
  }
  return step.value;
}

function* newestEvents(symbols: readonly string[], now: EpochMicros): EventInquiry {
  const before = endOfNewest(now);
  const pages = [...symbols].sort(compareCodePoints).map((symbol) => ({ symbol, before, size: 1 }));
  return (yield pages).flat();
}
