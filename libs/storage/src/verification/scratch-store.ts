import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CheckedEvent, ClockSpan } from '@app/domain';
import { notedSpans, type HistoryKinds } from '@app/history';
import type { DataSource } from 'typeorm';
import type { ScratchFolders } from '@app/files';
import { makeKindTables } from '../database/kind-tables';
import { handleOf, openWriter, type SqliteHandle } from '../database/sqlite-connection';
import { SqliteRows } from '../rows/sqlite-rows';
import { CandleWriter } from '../sink/candle.writer';
import { EventWriter } from '../sink/event-writer';
import { historyWriters } from '../sink/kind-writers';

/** A store for the length of one piece of work, which the same sink fills as any other. */
export class ScratchStore {
  private readonly rows: SqliteRows;
  private readonly writer: EventWriter;

  private constructor(
    private readonly folder: string,
    private readonly source: DataSource,
    readonly database: SqliteHandle,
    kinds: HistoryKinds,
  ) {
    this.rows = new SqliteRows(database);
    const parts = { rows: this.rows, candles: new CandleWriter(this.rows) };
    this.writer = new EventWriter(historyWriters(kinds, parts));
  }

  /** `wantedBytes` is about as much as it may come to hold. @throws NoScratchFolderError */
  static async open(kinds: HistoryKinds, folders: ScratchFolders, wantedBytes: number): Promise<ScratchStore> {
    const folder = folders.make('csp-replay-', wantedBytes);
    try {
      const source = await openWriter(join(folder, 'replay.db'));
      await source.runMigrations();
      makeKindTables(source, kinds);
      const database = handleOf(source);
      // Nobody misses it after a crash.
      database.pragma('synchronous = OFF');
      return new ScratchStore(folder, source, database, kinds);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Knows these stamps as given by a clock that was ahead, before anything is written. */
  know(spans: readonly ClockSpan[]): void {
    this.rows.apply([notedSpans(spans, true)]);
  }

  async take(events: readonly CheckedEvent[]): Promise<void> {
    this.database.transaction(() => this.writer.write(events, null))();
    await nextTurn();
  }

  async close(): Promise<void> {
    await this.source.destroy();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
