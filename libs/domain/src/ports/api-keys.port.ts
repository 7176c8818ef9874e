import type { ApiKey, EpochMicros, StoredApiKey } from '../model';

/** The keys of the store, for those who check them. */
export abstract class ApiKeyReader {
  /** Those that were not revoked, expired or not. @throws StoreNotReadyError */
  abstract unrevoked(): Promise<ApiKey[]>;
}

/** The keys of the store, for those who make and revoke them. */
export abstract class ApiKeyStore {
  /** In the order in which they were made. */
  abstract all(): Promise<StoredApiKey[]>;

  /** False where a key of that name was made before and is not revoked. */
  abstract add(key: ApiKey, createdAt: EpochMicros): Promise<boolean>;

  /** False where there is no key of that name to revoke. */
  abstract revoke(name: string, revokedAt: EpochMicros): Promise<boolean>;
}
