import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { eventKinds } from '@app/domain';
import { Spool } from '@app/messaging';
import type { Stack } from './stack';

/**
 * Events that a capturing process left in its spool when it ended: nothing of them is lost, the next start hands them on.
 * Only while none runs.
 */
export function spooledEvents({ folder }: Stack): number {
  const root = join(folder, 'ingest/spool');
  const kinds = eventKinds('crypto_prices').names;
  const ofKinds = kinds.map((kind) => ({ folder: join(root, kind), kind }));
  let events = 0;
  for (const place of [{ folder: root }, ...ofKinds.filter((each) => existsSync(each.folder))]) {
    const spool = Spool.open({ ...place, maxBytes: 1_073_741_824, kinds, ballastBytes: 0 });
    events += spool.waitingEvents;
    spool.close();
  }
  return events;
}
