import type { EpochMicros } from '@app/domain';
import { identityOf, isSameFile, type FileIdentity } from '@app/files';
import { REBUILT_AT_FACT } from '@app/history';
import Database from 'better-sqlite3';
import { OWNER_FACT, StoreFacts } from '../database/store-facts';

/** What a database says of how it came to the place of another one. */
export interface LaterFile {
  /** When it was made anew from the raw files (real time); undefined when it was not. */
  readonly rebuiltAt: EpochMicros | undefined;
  /** Whether a capturing process has taken it at this place: a copy says it of the place that it was copied from. */
  readonly isOwned: boolean;
}

/** Asks a database that passed the examination; undefined where it does not answer. */
export function askLaterFile(name: string): LaterFile | undefined {
  let database: Database.Database | undefined;
  try {
    database = new Database(name, { readonly: true, fileMustExist: true });
    const facts = new StoreFacts(database);
    const [rebuiltAt, owner] = [facts.get(REBUILT_AT_FACT), facts.get(OWNER_FACT)];
    const { file } = JSON.parse(owner ?? '{}') as { readonly file?: FileIdentity };
    return {
      rebuiltAt: rebuiltAt === undefined ? undefined : Number(rebuiltAt),
      isOwned: isSameFile(file, identityOf(name)),
    };
  } catch {
    return undefined;
  } finally {
    database?.close();
  }
}
