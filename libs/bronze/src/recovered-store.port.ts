import type { CheckedEvent, SinkResult, SourcePartition } from '@app/domain';
import type { ManifestEntry } from './manifest-entry';

/** A store that bronze is taken up into. Inside write units only. */
export abstract class RecoveredStore {
  /** Gives the store the origin of the folder. @throws OriginMismatchError when the two do not belong together */
  abstract claimOrigin(): void;
  /** Takes what the lines of the manifest, in their order, say of ledgers; before any minute is written. */
  abstract restoreLedgers(entries: readonly ManifestEntry[]): void;
  /** Takes the rows of events whose lines are in bronze already. */
  abstract acceptRows(events: readonly CheckedEvent[], source: SourcePartition): SinkResult;
}
