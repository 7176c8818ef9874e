import { once } from 'node:events';
import { extname, join } from 'node:path';
import { startThread } from '@app/observability';
import { damaged, isDamage } from './faults';
import type { StoreNotReadyError } from '@app/domain';

/** The thread's answer. */
interface Answer {
  readonly complaint?: { readonly table: string; readonly complaint: string };
  readonly error?: { readonly code: string; readonly message: string };
}

/** Thread for the file beside this one, as built or as it is written: a module by its name, as no loader changes it. */
const WORKER = join(__dirname, `quick-check.worker.m${extname(__filename).slice(1)}`);

/**
 * Reads all of a database, table by table, in a thread and over a connection of its own. Resolves with what is wrong, with
 * undefined when nothing is. Who calls holds the file.
 *
 * @throws when it could not be read to its end, or the signal ended it: nothing is known then
 */
export async function quickCheck(name: string, signal: AbortSignal): Promise<StoreNotReadyError | undefined> {
  const worker = startThread(WORKER, name);
  worker.unref();
  try {
    const [answer] = (await once(worker, 'message', { signal })) as [Answer];
    if (answer.complaint) return damaged(`${answer.complaint.table}: ${answer.complaint.complaint}`);
    if (!answer.error) return undefined;
    if (isDamage(answer.error)) return damaged(`SQLite says: ${answer.error.message}`);
    throw new Error(answer.error.message);
  } finally {
    await worker.terminate();
  }
}
