import { join } from 'node:path';
import { Spool } from '@app/messaging';
import type { Stack } from './stack';

/**
 * Events that a capturing process left in its spool when it ended: nothing of them is lost, the next start hands them on.
 * Only while none runs.
 */
export function spooledEvents({ folder }: Stack): number {
  const spool = Spool.open({ folder: join(folder, 'ingest/spool'), maxBytes: 1_073_741_824 });
  try {
    return spool.waitingEvents;
  } finally {
    spool.close();
  }
}
