import { randomBytes } from 'node:crypto';
import Database from 'better-sqlite3';
import { CHECKED_AT_FACT, FEED_GENERATION_FACT, StoreFacts } from '../database/store-facts';

const GENERATION_BYTES = 8;

/**
 * Makes a restored database one that goes on by itself. The one that was backed up has gone on too: what streams and caches
 * have seen of that must not pass for what comes here.
 */
export function beginRestored(path: string): void {
  const database = new Database(path, { fileMustExist: true });
  try {
    const facts = new StoreFacts(database);
    // An older schema has none; it gets one when it is brought up to date.
    if (facts.get(FEED_GENERATION_FACT) !== undefined) {
      facts.set(FEED_GENERATION_FACT, randomBytes(GENERATION_BYTES).toString('hex'));
    }
    // The next process reads all of it.
    facts.set(CHECKED_AT_FACT, undefined);
  } finally {
    database.close();
  }
}
