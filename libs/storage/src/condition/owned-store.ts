import type { StoreNotReadyError } from '@app/domain';
import type { CaptureOwnership } from '../database/capture-ownership';
import type { StoreParts } from '../store-parts';

/** An open store that a process writes to. */
export interface OwnedStore {
  readonly parts: StoreParts;
  /** Undefined while the process does not own the store. */
  readonly ownership: CaptureOwnership | undefined;
  close(): Promise<void>;
  /** Lets go of everything and leaves the files as they are. */
  abandon(reason: StoreNotReadyError): Promise<void>;
}
