import type { FastifyRequest } from 'fastify';
import type { CsvStyle } from '@app/bi';
import {
  MAX_LIMIT,
  MAX_TEXT_LIMIT,
  MILLISECOND,
  RelativeTime,
  formatEventTime,
  formatMillisTime,
  timeAt,
  type CandlesQuery,
  type EpochMicros,
  type HistoryQuery,
  type ListFormat,
  type ListOrder,
  type ListQuery,
  type TimeBound,
  type TimeRange,
} from '@app/domain';
import { invalidParameter } from '@app/http';
import { decodeCursor, TIME_NAMES, type Cursor, type KeptTime, type KeptTimes, type TimeName } from '../paging/cursor';
import { checkedRange } from '../paging/time-range';
import { acceptedFormat } from './accepted-format';
import { csvStyle } from './csv-style';

/** How a list is picked and written, as a request asks for it. */
export interface ListQuestion {
  readonly format: ListFormat;
  readonly order: ListOrder;
  /** Most rows of the answer. */
  readonly limit: number;
  /** Whether it is the newest rows that are picked, whatever their order. */
  readonly isLast: boolean;
  readonly range: Partial<TimeRange>;
  /** Of candles: as they were known at this time. */
  readonly asOf: EpochMicros | undefined;
  /** Where it goes on; undefined on the first page. */
  readonly cursor: Cursor | undefined;
  /** Its times that are relative to now, as they hold for the whole walk. */
  readonly times: KeptTimes;
  /** Whether its times are those of a calendar: a relative one is another time whenever it is asked for. */
  readonly isFixed: boolean;
  /** Whether the range ends at a time that has passed. */
  readonly endsInPast: boolean;
  readonly columns: readonly string[] | undefined;
  readonly text: CsvStyle;
}

/** Reads what a request says of a list. @throws ProblemError 400 naming the parameter that does not fit */
export function listQuestion(
  request: FastifyRequest,
  query: ListQuery &
    Partial<Pick<HistoryQuery, 'start' | 'end' | 'last' | 'order'>> &
    Partial<Pick<CandlesQuery, 'as_of'>>,
  { now, defaultLimit, fields }: { now: EpochMicros; defaultLimit: number; fields: readonly string[] },
): ListQuestion {
  const format = query.format ?? acceptedFormat(request.headers.accept);
  const { last } = query;
  if (last !== undefined) {
    for (const other of ['start', 'cursor', 'limit'] as const) {
      if (query[other] !== undefined)
        throw invalidParameter(other, asSent(request, other), 'no such parameter beside last');
    }
  }
  const most = format === 'json' ? MAX_LIMIT : MAX_TEXT_LIMIT;
  const field = last === undefined ? 'limit' : 'last';
  const limit =
    last ?? query.limit ?? (format === 'json' || defaultLimit < MAX_DEFAULT ? defaultLimit : MAX_TEXT_LIMIT);
  if (limit > most) throw invalidParameter(field, String(limit), `one whole number from 1 to ${most} for ${format}`);
  const unknown = query.columns?.find((name) => !fields.includes(name));
  if (unknown !== undefined) throw invalidParameter('columns', unknown, `fields of the list: ${fields.join(', ')}`);
  const cursor = decodeCursor(query.cursor);
  const times: Partial<Record<TimeName, KeptTime>> = {};
  for (const name of TIME_NAMES) {
    const kept = keptTime(query[name], cursor?.times[name], now);
    if (kept) times[name] = kept;
  }
  const resolved = (name: TimeName): EpochMicros | undefined => {
    const bound = query[name];
    return times[name]?.time ?? (bound === undefined ? undefined : timeAt(bound, now));
  };
  const range = checkedRange(resolved('start'), resolved('end'));
  return {
    format,
    order: query.order ?? 'asc',
    limit,
    isLast: last !== undefined,
    range,
    asOf: resolved('as_of'),
    cursor,
    times,
    isFixed: !TIME_NAMES.some((name) => query[name] instanceof RelativeTime),
    endsInPast: range.end !== undefined && range.end <= now,
    columns: query.columns,
    text: textOptions(query, format),
  };
}

/** Lists whose default is smaller keep it in every format. */
const MAX_DEFAULT = 500;

/**
 * What a time that is relative to now means on this page, and on those that follow: the same as on the first one, whether the
 * page is asked for with the parameters of the first one or by its address, where the time stands written out.
 */
function keptTime(bound: TimeBound | undefined, before: KeptTime | undefined, now: EpochMicros): KeptTime | undefined {
  if (!(bound instanceof RelativeTime)) return before?.time === bound ? before : undefined;
  const written = bound.toString();
  return before?.written === written ? before : { written, time: bound.at(now) };
}

/** A parameter as it stands in the address, where what it means would show a caller another text than their own. */
function asSent({ query }: FastifyRequest, name: string): unknown {
  return (query as Readonly<Record<string, unknown>>)[name];
}

function textOptions({ sep, decimal, bom }: ListQuery, format: ListFormat): CsvStyle {
  if (format !== 'csv') {
    for (const [name, value] of Object.entries({ sep, decimal, bom })) {
      if (value !== undefined) throw invalidParameter(name, value, 'no such parameter unless format is csv');
    }
  }
  return csvStyle({ sep, decimal, bom });
}

/** Times as they stand in the address of the next page: a relative one would mean another time there. */
export function absoluteTimes({ range, asOf }: ListQuestion): Record<string, string> {
  const times = Object.entries({ start: range.start, end: range.end, as_of: asOf });
  return Object.fromEntries(times.flatMap(([name, time]) => (time === undefined ? [] : [[name, absolute(time)]])));
}

function absolute(time: EpochMicros): string {
  return time % MILLISECOND === 0 ? formatMillisTime(time) : formatEventTime(time);
}
