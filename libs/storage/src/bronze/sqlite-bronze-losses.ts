import { BronzeLosses, type ArchiveIdentity, type UnreadableLine } from '@app/bronze';
import type { EpochMicros, LostLines } from '@app/domain';
import { Gauge, type MetricsRegistry } from '@app/observability';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';

interface LossRow {
  readonly file: string;
  readonly first_line: number;
  readonly lines: number;
  readonly noticed_at: number;
  readonly reason: string;
}

const LINES = 'csp_bronze_lost_lines';

/** What could not be taken up of bronze files, one row for each file. */
export class SqliteBronzeLosses extends BronzeLosses {
  private readonly lines: Gauge;
  private readonly upsert: Statement<[string, string, number, number, number, string]>;

  constructor(
    private readonly database: SqliteHandle,
    private readonly identity: ArchiveIdentity,
    metrics: MetricsRegistry,
  ) {
    super();
    this.lines = metrics.once(
      LINES,
      () =>
        new Gauge({
          name: LINES,
          help: 'Lines of raw files that could not be read when they were taken up, each an event that is not in the tables.',
          registers: [metrics],
        }),
    );
    this.upsert = database.prepare(
      `INSERT INTO bronze_losses (writer_id, file, first_line, lines, noticed_at, reason) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (writer_id, file) DO UPDATE SET lines = lines + excluded.lines`,
    );
    this.count();
  }

  add(file: string, lines: readonly UnreadableLine[], noticedAt: EpochMicros): void {
    const [first] = lines;
    if (!first) return;
    this.upsert.run(this.identity.writerId, file, first.number, lines.length, noticedAt, first.reason);
    this.count();
  }

  all(): LostLines[] {
    return this.database
      .prepare<[string], LossRow>('SELECT * FROM bronze_losses WHERE writer_id = ? ORDER BY file')
      .all(this.identity.writerId)
      .map(({ file, first_line: firstLine, lines, noticed_at: noticedAt, reason }) => ({
        file,
        firstLine,
        lines,
        noticedAt,
        reason,
      }));
  }

  private count(): void {
    this.lines.set(this.all().reduce((sum, { lines }) => sum + lines, 0));
  }
}
