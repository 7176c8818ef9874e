import type { EpochMicros } from './time';

/** A key of a client: of the key itself nothing but its hash is known. */
export interface ApiKey {
  /** What its client is called in lists; never two keys that hold at once. */
  readonly name: string;
  /** Hex digits of the SHA-256 of the key. */
  readonly sha256: string;
  /** From when on it does not hold any more (real time); null for never. */
  readonly expiresAt: EpochMicros | null;
  /** Requests in a window; null for that of all keys. */
  readonly requestLimit: number | null;
}

/** A key of the store, whether it still holds or not. */
export interface StoredApiKey extends ApiKey {
  readonly createdAt: EpochMicros;
  /** Null unless it was revoked. */
  readonly revokedAt: EpochMicros | null;
}
