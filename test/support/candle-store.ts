import { rmSync } from 'node:fs';
import { serializeCandle, type CandleReader, type EpochMicros, type MinuteCandle } from '@app/domain';
import { candleEvent, ORIGIN, TestStore } from './test-store';

export type Row = Record<string, unknown>;
/** Rows by table. */
export type Tables = Record<string, Row[]>;

/** Tables of candles and the ledger, with the order of their rows. */
export const TABLES = {
  candles_1m: 'symbol, open_time',
  candle_revisions: 'symbol, open_time, revision',
  candles_1h: 'symbol, open_time',
  candles_1d: 'symbol, open_time',
  coverage: 'symbol, start_time',
  coverage_days: 'symbol, date',
  symbols: 'symbol',
};

/** A store of candles, open for writing from the first use on. */
export class CandleStore {
  private readonly store = new TestStore();
  private opening: ReturnType<TestStore['open']> | undefined;

  async take(candles: readonly MinuteCandle[]): Promise<void> {
    await this.opened();
    await this.store.take(...candles.map(candleEvent));
  }

  /** Takes batches as a consumer that keeps bronze files only; each is a unit of its own. */
  async takeWithoutRows(batches: readonly (readonly MinuteCandle[])[]): Promise<void> {
    const consumer = await this.store.openBronzeOnly();
    try {
      const { sink } = consumer;
      const claim = await sink.claim({ topic: 'crypto_candles', partition: 0 }, 'candle');
      await sink.start(claim, { kind: 'restart', offset: 0, clusterId: 'test' });
      for (const [begin, batch] of batches.entries()) {
        const values = batch.map(serializeCandle);
        await sink.take(claim, { begin, next: begin + 1, lastHash: null, origin: ORIGIN, values });
      }
    } finally {
      await consumer.close();
    }
  }

  /** Stores where the exchange's history of the symbols begins. */
  async listedAt(symbols: readonly string[], time: EpochMicros): Promise<void> {
    const { history } = await this.opened();
    for (const symbol of symbols) await history.saveFirstMinute(symbol, time, ORIGIN);
  }

  /** The reading half, on a connection of its own as the API has it. */
  async reader(): Promise<CandleReader> {
    await this.opened();
    return (await this.store.readers()).candles;
  }

  /** Rows of a table by symbol and time. */
  rowsOf(table: 'daily_metrics' | 'candle_repeats'): Row[] {
    return this.store.rows<Row>(`SELECT * FROM ${table}`);
  }

  tables(): Tables {
    return Object.fromEntries(
      Object.entries(TABLES).map(([table, order]) => [
        table,
        this.store.rows<Row>(`SELECT * FROM ${table} ORDER BY ${order}`),
      ]),
    );
  }

  /** Ends the writing process; the next use is by a new one. */
  async close(): Promise<void> {
    await this.store.close();
    this.opening = undefined;
  }

  /** Loses the database and makes it anew of bronze. */
  async recover(): Promise<void> {
    await this.close();
    for (const end of ['', '-wal', '-shm']) rmSync(`${this.store.databasePath}${end}`, { force: true });
    await this.opened();
  }

  async dispose(): Promise<void> {
    await this.store.dispose();
  }

  private opened(): ReturnType<TestStore['open']> {
    this.opening ??= this.store.open();
    return this.opening;
  }
}

/** Runs the work on a store of its own. */
export async function withCandleStore(work: (store: CandleStore) => Promise<void>): Promise<void> {
  const store = new CandleStore();
  try {
    await work(store);
  } finally {
    await store.dispose();
  }
}
