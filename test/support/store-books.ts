import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  asCaptured,
  MINUTE,
  parseCandle,
  parsePriceEvent,
  serializePriceEvent,
  type ClockSpan,
  type MinuteCandle,
  type PriceEvent,
} from '@app/domain';
import Database from 'better-sqlite3';

export interface StorePaths {
  readonly databasePath: string;
  readonly rawDir: string;
  /** Topic of the price events; `crypto_prices` when absent. */
  readonly pricesTopic?: string;
}

const STREAM_FILE = /^(.+)_\d{4}-\d{2}-\d{2}(?:\.p\d+)?(?:\.\d+)?\.jsonl$/;

/** Times and symbols of a poll's lines, and whether each symbol's own lines ascend in time. */
function disordered(events: readonly PriceEvent[]): string[] {
  const latest = new Map<string, number>();
  return events.flatMap(({ symbol, timestamp }) => {
    const before = latest.get(symbol) ?? -Infinity;
    latest.set(symbol, timestamp);
    return timestamp > before ? [] : [`${symbol} ${timestamp} after ${before}`];
  });
}

/**
 * The books of a store that nobody writes to: bronze lines on one side, rows on the other, read as a stranger would with
 * any JSON and SQLite tool.
 */
export class StoreBooks {
  /** Lines of price events and of candles, file by file. */
  readonly priceLines: readonly string[];
  readonly candleLines: readonly string[];
  /** Bronze files whose last line is torn, or whose length is not the one that the database accounts for. */
  readonly unsettledFiles: readonly string[];
  private readonly database: Database.Database;

  constructor({ databasePath, rawDir, pricesTopic = 'crypto_prices' }: StorePaths) {
    this.database = new Database(databasePath, { readonly: true, fileMustExist: true });
    const lengths = new Map(
      this.rows<{ file: string; length: number }>('SELECT file, length FROM bronze_files').map((row) => [
        row.file,
        row.length,
      ]),
    );
    const lines: Record<string, string[]> = { [pricesTopic]: [], crypto_candles: [] };
    const unsettled: string[] = [];
    for (const file of readdirSync(rawDir).sort()) {
      const topic = STREAM_FILE.exec(file)?.[1];
      if (topic === undefined) continue;
      const bytes = readFileSync(join(rawDir, file));
      const text = bytes.toString('utf8');
      if ((text !== '' && !text.endsWith('\n')) || (lengths.get(file) ?? 0) !== bytes.length) unsettled.push(file);
      if (text !== '') lines[topic]?.push(...text.trimEnd().split('\n'));
    }
    this.priceLines = lines[pricesTopic] ?? [];
    this.candleLines = lines['crypto_candles'] ?? [];
    this.unsettledFiles = unsettled;
  }

  /** Moments of capture of the stored polls, ascending. */
  get polls(): number[] {
    return this.rows<{ timestamp: number }>('SELECT DISTINCT timestamp FROM price_events ORDER BY timestamp').map(
      ({ timestamp }) => timestamp,
    );
  }

  /** Stored minutes of a symbol, ascending: open time in epoch milliseconds and the exchange's numbers in its order. */
  minutes(symbol: string): { readonly openTime: number; readonly numbers: string }[] {
    return this.database
      .prepare<[string], { openTime: number; numbers: string }>(
        `SELECT open_time / 1000 AS openTime, concat_ws(' ', open, high, low, close, volume, quote_volume, trade_count,
           taker_buy_volume, taker_buy_quote_volume) AS numbers
         FROM candles_1m WHERE symbol = ? ORDER BY open_time`,
      )
      .all(symbol);
  }

  /** Everything that is wrong, in words; empty when bronze and database agree in all. */
  problems(): string[] {
    return [
      ...this.rows<{ integrity_check: string }>('PRAGMA integrity_check')
        .map((row) => row.integrity_check)
        .filter((answer) => answer !== 'ok'),
      ...this.unsettledFiles.map((file) => `${file} has other bytes than the database accounts for, or a torn line`),
      ...this.priceProblems(),
      ...this.candleProblems(),
      ...this.goldProblems(),
    ];
  }

  close(): void {
    this.database.close();
  }

  private rows<Row>(sql: string): Row[] {
    return this.database.prepare(sql).all() as Row[];
  }

  private priceProblems(): string[] {
    const rows = this.rows<PriceEvent>(
      `SELECT timestamp, symbol, source, last_price AS lastPrice, price_change_percent AS priceChangePercent, volume
       FROM price_events`,
    ).map(serializePriceEvent);
    return [
      ...difference('price line', this.priceLines, 'row', rows),
      ...disordered(this.priceLines.map(parsePriceEvent)).map((line) => `price lines out of order: ${line}`),
    ];
  }

  /**
   * Each line is a row, was one before a revision, or repeats one; rows without a line were fetched, and are fewer than
   * fetched. A line keeps the stamp of a clock that was found to have been ahead, which its row does not.
   */
  private candleProblems(): string[] {
    const keys = this.rows<{ key: string }>(
      `SELECT symbol || ' ' || open_time || ' ' || captured_at AS key FROM candles_1m
       UNION ALL SELECT symbol || ' ' || open_time || ' ' || captured_at FROM candle_revisions
       UNION ALL SELECT symbol || ' ' || open_time || ' ' || captured_at FROM candle_repeats`,
    ).map(({ key }) => key);
    const stored = new Set(keys);
    const spans = this.rows<ClockSpan>('SELECT start_time AS start, end_time AS "end", until FROM clock_spans');
    const keyOf = ({ symbol, openTime, capturedAt }: Pick<MinuteCandle, 'symbol' | 'openTime' | 'capturedAt'>) =>
      `${symbol} ${openTime} ${capturedAt}`;
    const lines = this.candleLines.map(parseCandle);
    const wanted = lines.map((line) => keyOf(asCaptured(line, spans)));
    return [
      ...wanted.filter((key) => !stored.has(key)).map((key) => `candle line without a row: ${key}`),
      ...repeated(lines.map(keyOf)).map((key) => `candle line twice: ${key}`),
    ];
  }

  private goldProblems(): string[] {
    const [counts] = this.rows<Record<string, number>>(
      `SELECT (SELECT count(*) FROM candles_1m) AS minutes,
         (SELECT total(minutes) FROM candles_1h) AS in_hours,
         (SELECT total(minutes) FROM candles_1d) AS in_days,
         (SELECT total(end_time - start_time) / ${MINUTE} FROM coverage WHERE state <> 'stopped') AS in_ledger,
         (SELECT total(captured + quiet) FROM coverage_days) AS in_ledger_days`,
    );
    const { minutes, ...others } = counts ?? {};
    return Object.entries(others)
      .filter(([, count]) => count !== minutes)
      .map(([name, count]) => `${minutes} minutes are stored, ${count} are ${name.replace('_', ' ')}`);
  }
}

function repeated(values: readonly string[]): string[] {
  const seen = new Set<string>();
  return values.filter((value) => seen.size === seen.add(value).size);
}

/** What is on one side only, or twice on one side. */
function difference(left: string, lefts: readonly string[], right: string, rights: readonly string[]): string[] {
  const [inLeft, inRight] = [new Set(lefts), new Set(rights)];
  return [
    ...lefts.filter((value) => !inRight.has(value)).map((value) => `${left} without a ${right}: ${value}`),
    ...rights.filter((value) => !inLeft.has(value)).map((value) => `${right} without a ${left}: ${value}`),
    ...repeated(lefts).map((value) => `${left} twice: ${value}`),
    ...repeated(rights).map((value) => `${right} twice: ${value}`),
  ];
}
