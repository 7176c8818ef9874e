import type { TimeRange } from '@app/domain';
import type { KindHistory, Table } from '@app/history';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import { REPEAT_COLUMNS, type CaptureRow } from '../sink/candle-row';

/** What a table holds of one key: a row as it is, or a version of it that was superseded or only repeated another. */
export interface RowVersion {
  readonly time: number;
  readonly capturedAt: number;
  readonly source: string;
  /** Everything that the row says, as one text. */
  readonly content: string;
  /** A later capture with the same numbers that was kept without a line, as earlier versions of this program did. */
  readonly isUnrecorded: boolean;
}

/** Says of a row whether a line tells of it, where a table does not have them all. */
const RECORDED = 'recorded';

function column(table: Table, field: string): string {
  const found = table.columns.find((each) => each.field === field);
  if (!found) throw new Error(`${table.name} has no ${field}`);
  return found.name;
}

function versionsIn(table: Table, { time, capturedAt, content }: KindHistory): string {
  const columns = content.map((field) => column(table, field));
  const isUnrecorded = table.columns.some(({ field }) => field === RECORDED) ? `1 - ${column(table, RECORDED)}` : '0';
  const at = column(table, time);
  return `SELECT ${at} AS time, ${column(table, capturedAt)} AS capturedAt, source,
      ${columns.join(" || ' ' || ")} AS content, ${isUnrecorded} AS isUnrecorded
    FROM ${table.name} WHERE symbol = @symbol AND ${at} >= @start AND ${at} < @end`;
}

const CAPTURE_TABLES = ['candles_1m', 'candle_revisions', 'candle_repeats'];
const CAPTURED_AT = `SELECT ${REPEAT_COLUMNS} FROM TABLE
  WHERE symbol = @symbol AND open_time >= @start AND open_time < @end AND captured_at = @capturedAt`;

interface Span {
  readonly first: number | null;
  readonly last: number | null;
}

/** Reads versions of rows from one database; each read is short. */
export class RowVersions {
  private readonly captures: Statement<[TimeRange & { symbol: string; capturedAt: number }], CaptureRow>;

  constructor(private readonly database: SqliteHandle) {
    this.captures = database.prepare(
      `${CAPTURE_TABLES.map((table) => CAPTURED_AT.replace('TABLE', table)).join(' UNION ALL ')} ORDER BY open_time`,
    );
  }

  symbols(): string[] {
    return this.database
      .prepare<[], { symbol: string }>('SELECT symbol FROM symbols')
      .all()
      .map(({ symbol }) => symbol);
  }

  /** First and last key of a symbol; undefined when it has no row. */
  span({ rows, time }: KindHistory, symbol: string): { first: number; last: number } | undefined {
    const at = column(rows, time);
    const sql = `SELECT min(${at}) AS first, max(${at}) AS last FROM ${rows.name} WHERE symbol = ?`;
    const { first = null, last = null } = this.database.prepare<[string], Span>(sql).get(symbol) ?? {};
    return first === null || last === null ? undefined : { first, last };
  }

  /** Captures of a symbol's minutes that were made at one time, in the order of their minutes. */
  capturedAt(symbol: string, { start, end }: TimeRange, capturedAt: number): CaptureRow[] {
    const parameters = { symbol, start, end, capturedAt };
    return this.captures.all(parameters);
  }

  of(history: KindHistory, symbol: string, range: TimeRange): RowVersion[] {
    const sql = [history.rows, ...history.captures].map((table) => versionsIn(table, history)).join(' UNION ALL ');
    return this.database
      .prepare<[{ symbol: string } & TimeRange], Omit<RowVersion, 'isUnrecorded'> & { isUnrecorded: number }>(sql)
      .all({ symbol, start: range.start, end: range.end })
      .map((row) => ({ ...row, isUnrecorded: row.isUnrecorded === 1 }));
  }
}
