import { RecoveredStore, type ManifestEntry } from '@app/bronze';
import type { CheckedEvent, SinkResult, SourcePartition } from '@app/domain';
import type { OriginGuard } from '../database/origin-guard';
import type { SymbolFrames } from '../ledger/symbol-frames';
import type { EventWriter } from '../sink/event-writer';

/** The tables as bronze is taken up into them. */
export class SqliteRecoveredStore extends RecoveredStore {
  constructor(
    private readonly origin: OriginGuard,
    private readonly frames: SymbolFrames,
    private readonly writer: EventWriter,
  ) {
    super();
  }

  claimOrigin(): void {
    this.origin.claimForFolder();
  }

  restoreLedgers(entries: readonly ManifestEntry[]): void {
    this.frames.restore(entries);
  }

  acceptRows(events: readonly CheckedEvent[], source: SourcePartition): SinkResult {
    return this.writer.write(events, source);
  }
}
