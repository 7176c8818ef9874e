import type { ReplayDifference, TimeRange } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import { NUMBER_COLUMNS, REPEAT_COLUMNS, type CaptureRow } from '../sink/candle-row';

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

const NUMBERS = `close_time, ${NUMBER_COLUMNS}`.replaceAll(',', " || ' ' ||");

const candles = (table: string, isUnrecorded: string): string =>
  `SELECT open_time AS time, captured_at AS capturedAt, source, ${NUMBERS} AS content, ${isUnrecorded} AS isUnrecorded
   FROM ${table} WHERE symbol = @symbol AND open_time >= @start AND open_time < @end`;

const VERSIONS: Readonly<Record<ReplayDifference['table'], string>> = {
  candles_1m: [
    candles('candles_1m', '0'),
    candles('candle_revisions', '0'),
    candles('candle_repeats', '1 - recorded'),
  ].join(' UNION ALL '),
  price_events: `SELECT timestamp AS time, timestamp AS capturedAt, source,
      last_price || ' ' || price_change_percent || ' ' || volume AS content, 0 AS isUnrecorded
    FROM price_events WHERE symbol = @symbol AND timestamp >= @start AND timestamp < @end`,
};

const SPAN: Readonly<Record<ReplayDifference['table'], string>> = {
  candles_1m: 'SELECT min(open_time) AS first, max(open_time) AS last FROM candles_1m WHERE symbol = ?',
  price_events: 'SELECT min(timestamp) AS first, max(timestamp) AS last FROM price_events WHERE symbol = ?',
};

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
  span(table: ReplayDifference['table'], symbol: string): { first: number; last: number } | undefined {
    const { first = null, last = null } = this.database.prepare<[string], Span>(SPAN[table]).get(symbol) ?? {};
    return first === null || last === null ? undefined : { first, last };
  }

  /** Captures of a symbol's minutes that were made at one time, in the order of their minutes. */
  capturedAt(symbol: string, { start, end }: TimeRange, capturedAt: number): CaptureRow[] {
    const parameters = { symbol, start, end, capturedAt };
    return this.captures.all(parameters);
  }

  of(table: ReplayDifference['table'], symbol: string, range: TimeRange): RowVersion[] {
    return this.database
      .prepare<[{ symbol: string } & TimeRange], Omit<RowVersion, 'isUnrecorded'> & { isUnrecorded: number }>(
        VERSIONS[table],
      )
      .all({ symbol, start: range.start, end: range.end })
      .map((row) => ({ ...row, isUnrecorded: row.isUnrecorded === 1 }));
  }
}
