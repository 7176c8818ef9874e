import { BronzeLosses, type ArchiveIdentity, type UnreadableLine } from '@app/bronze';
import type { EpochMicros, LostLines } from '@app/domain';
import { addLossUnit, bronzeLosses, findIn, runUnit, type Rows } from '@app/history';
import { Gauge, type MetricsRegistry } from '@app/observability';

const LINES = 'csp_bronze_lost_lines';

/** What could not be taken up of bronze files, one row for each file. */
export class SqliteBronzeLosses extends BronzeLosses {
  private readonly lines: Gauge;

  constructor(
    private readonly rows: Rows,
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
    this.count();
  }

  add(file: string, lines: readonly UnreadableLine[], noticedAt: EpochMicros): void {
    const [first] = lines;
    if (!first) return;
    const lost = { file, firstLine: first.number, lines: lines.length, noticedAt, reason: first.reason };
    runUnit(this.rows, addLossUnit(this.identity.writerId, lost));
    this.count();
  }

  all(): LostLines[] {
    return findIn(this.rows, bronzeLosses(this.identity.writerId));
  }

  private count(): void {
    this.lines.set(this.all().reduce((sum, { lines }) => sum + lines, 0));
  }
}
