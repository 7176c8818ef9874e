import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  asCaptured,
  MILLISECOND,
  MINUTE,
  parseCandle,
  parsePriceEvent,
  serializePriceEvent,
  type MinuteCandle,
  type PriceEvent,
} from '@app/domain';
import { HistoryTables } from './history-tables';

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

interface CaptureRow {
  readonly symbol: string;
  readonly open_time: number;
  readonly captured_at: number;
}

interface MinuteRow extends CaptureRow {
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
  readonly quote_volume: string;
  readonly trade_count: number;
  readonly taker_buy_volume: string;
  readonly taker_buy_quote_volume: string;
}

interface PriceRow extends Pick<PriceEvent, 'timestamp' | 'symbol' | 'source' | 'volume'> {
  readonly last_price: string;
  readonly price_change_percent: string;
}

interface RunRow {
  readonly start_time: number;
  readonly end_time: number;
  readonly state: string;
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
  private readonly tables: HistoryTables;

  constructor({ databasePath, rawDir, pricesTopic = 'crypto_prices' }: StorePaths) {
    this.tables = new HistoryTables(databasePath);
    const stored = this.tables.rows<{ file: string; length: number }>('bronze_files');
    const lengths = new Map(stored.map(({ file, length }) => [file, length]));
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
    const times = this.tables.rows<PriceRow>('price_events').map(({ timestamp }) => timestamp);
    return [...new Set(times)].sort((a, b) => a - b);
  }

  /** Stored minutes of a symbol, ascending: open time in epoch milliseconds and the exchange's numbers in its order. */
  minutes(symbol: string): { readonly openTime: number; readonly numbers: string }[] {
    return this.tables
      .rows<MinuteRow>('candles_1m')
      .filter((row) => row.symbol === symbol)
      .map((row) => ({ openTime: row.open_time / MILLISECOND, numbers: numbersOf(row) }))
      .sort((a, b) => a.openTime - b.openTime);
  }

  /** Everything that is wrong, in words; empty when bronze and database agree in all. */
  problems(): string[] {
    return [
      ...this.tables.problems(),
      ...this.unsettledFiles.map((file) => `${file} has other bytes than the database accounts for, or a torn line`),
      ...this.priceProblems(),
      ...this.candleProblems(),
      ...this.goldProblems(),
    ];
  }

  close(): void {
    this.tables.close();
  }

  private priceProblems(): string[] {
    const rows = this.tables
      .rows<PriceRow>('price_events')
      .map(({ last_price: lastPrice, price_change_percent: priceChangePercent, ...row }) =>
        serializePriceEvent({ ...row, lastPrice, priceChangePercent }),
      );
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
    const captures = ['candles_1m', 'candle_revisions', 'candle_repeats'].flatMap((table) =>
      this.tables.rows<CaptureRow>(table),
    );
    const stored = new Set(captures.map((row) => `${row.symbol} ${row.open_time} ${row.captured_at}`));
    const spans = this.tables
      .rows<Omit<RunRow, 'state'> & { readonly until: number }>('clock_spans')
      .map(({ start_time: start, end_time: end, until }) => ({ start, end, until }));
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
    const { tables } = this;
    const minutesIn = (table: string): number => total(tables.rows<{ minutes: number }>(table), (row) => row.minutes);
    const runs = tables.rows<RunRow>('coverage').filter(({ state }) => state !== 'stopped');
    const days = tables.rows<{ captured: number; quiet: number }>('coverage_days');
    const minutes = tables.rows('candles_1m').length;
    const others = {
      'in hours': minutesIn('candles_1h'),
      'in days': minutesIn('candles_1d'),
      'in ledger': total(runs, (run) => run.end_time - run.start_time) / MINUTE,
      'in ledger days': total(days, ({ captured, quiet }) => captured + quiet),
    };
    return Object.entries(others)
      .filter(([, count]) => count !== minutes)
      .map(([name, count]) => `${minutes} minutes are stored, ${count} are ${name}`);
  }
}

function numbersOf(row: MinuteRow): string {
  const { open, high, low, close, volume, quote_volume: quoteVolume, trade_count: trades } = row;
  const { taker_buy_volume: takerVolume, taker_buy_quote_volume: takerQuoteVolume } = row;
  return [open, high, low, close, volume, quoteVolume, trades, takerVolume, takerQuoteVolume].join(' ');
}

function total<Row>(rows: readonly Row[], count: (row: Row) => number): number {
  return rows.reduce((sum, row) => sum + count(row), 0);
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
