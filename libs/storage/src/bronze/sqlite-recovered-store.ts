import { RecoveredStore, type ManifestEntry } from '@app/bronze';
import type { CheckedEvent, SinkResult, SourcePartition } from '@app/domain';
import type { Rows } from '@app/history';
import type { OriginGuard } from '../database/origin-guard';
import { restoreLedgers } from '../ledger/restore-ledgers';
import type { EventWriter } from '../sink/event-writer';

/** The tables as bronze is taken up into them. */
export class SqliteRecoveredStore extends RecoveredStore {
  constructor(
    private readonly origin: OriginGuard,
    private readonly rows: Rows,
    private readonly writer: EventWriter,
  ) {
    super();
  }

  claimOrigin(): void {
    this.origin.claimForFolder();
  }

  restoreLedgers(entries: readonly ManifestEntry[]): void {
    restoreLedgers(this.rows, entries);
  }

  acceptRows(events: readonly CheckedEvent[], source: SourcePartition): SinkResult {
    return this.writer.write(events, source);
  }
}
