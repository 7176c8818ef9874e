import { healthReason } from '@app/domain';
/** Database or bronze folder belong to another process. */
export class CaptureOwnerError extends Error {
  readonly code = 'STORE.OWNED';

  constructor() {
    super(
      healthReason`another process captures into this store already (a standalone app or an ingest app in direct mode); ` +
        'stop it first, or point STORAGE_PATH and RAW_DIR to another place',
    );
    this.name = 'CaptureOwnerError';
  }
}
