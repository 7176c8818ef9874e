import { DAY, HOUR, parseIsoTime, type EpochMicros, type TimeRange } from '@app/domain';
import type { CsvTable } from '../tables/csv-table';

/** Which row of a table one is, and what it is made of. */
export interface RowKey {
  readonly symbol: string;
  /** What the row speaks of; undefined where it has no time. */
  readonly range: TimeRange | undefined;
  /** Table, symbol and time, in words. */
  readonly name: string;
}

/** How long the bucket of each time column is; an event has no length. */
const TIMES: Readonly<Record<string, EpochMicros>> = { open_time: HOUR, date: DAY, timestamp_utc: 1 };

export function rowKey<Row>({ name, header, columns }: CsvTable<Row>, row: Row): RowKey {
  const cellOf = (column: string): string => String(columns[header.indexOf(column)]?.cell(row) ?? '');
  const symbol = cellOf('symbol');
  const timeColumn = header.find((column) => column in TIMES);
  const text = timeColumn === undefined ? '' : cellOf(timeColumn);
  const start = parseIsoTime(text);
  const length = timeColumn === undefined ? undefined : TIMES[timeColumn];
  const range = start === undefined || length === undefined ? undefined : { start, end: start + length };
  return { symbol, range, name: [name, symbol, text].filter(Boolean).join(' ') };
}
