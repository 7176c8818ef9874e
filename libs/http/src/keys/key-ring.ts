import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { keyHash, type ApiKeySetting } from '@app/config';
import type { ApiKey, Clock } from '@app/domain';

/** Longer ones are nobody's. */
const MOST_CHARACTERS = 200;

interface KnownKey {
  readonly key: ApiKey;
  readonly digest: Buffer;
}

/** The keys that hold now: those of the environment, and those of the store as they were last read. */
export class KeyRing {
  /** Where a key is looked up depends on it, so that how long that takes tells nothing of the keys there are. */
  private readonly secret = randomBytes(32).toString('hex');
  private readonly settings: readonly ApiKey[];
  private known: ReadonlyMap<string, KnownKey>;
  private fault: Error | undefined;

  constructor(
    settings: readonly ApiKeySetting[],
    private readonly clock: Pick<Clock, 'realNow'>,
  ) {
    this.settings = settings.map((setting) => ({ ...setting, expiresAt: null, requestLimit: null }));
    this.known = this.index(this.settings);
  }

  /** Why it cannot be said which keys the store has; undefined once they have been read. */
  get storeFault(): Error | undefined {
    return this.fault;
  }

  /** Takes the keys of the store in place of those that it had before. */
  hold(stored: readonly ApiKey[]): void {
    this.fault = undefined;
    this.known = this.index([...stored, ...this.settings]);
  }

  /** The keys of the store cannot be read, and never were. */
  miss(fault: Error): void {
    this.fault = fault;
  }

  /** The key of that text; undefined for one that is unknown, expired or revoked. */
  find(text: string): ApiKey | undefined {
    if (text === '' || text.length > MOST_CHARACTERS) return undefined;
    const sha256 = keyHash(text);
    const found = this.known.get(this.placeOf(sha256));
    if (!found || !timingSafeEqual(found.digest, Buffer.from(sha256, 'hex'))) return undefined;
    return this.isInTime(found.key) ? found.key : undefined;
  }

  /** Whether a key that held at the start of something still does. */
  holds({ sha256 }: ApiKey): boolean {
    const found = this.known.get(this.placeOf(sha256));
    return found !== undefined && this.isInTime(found.key);
  }

  private index(keys: readonly ApiKey[]): ReadonlyMap<string, KnownKey> {
    return new Map(
      keys.map((key) => [this.placeOf(key.sha256), { key, digest: Buffer.from(key.sha256, 'hex') }] as const),
    );
  }

  private isInTime({ expiresAt }: ApiKey): boolean {
    return expiresAt === null || this.clock.realNow() < expiresAt;
  }

  private placeOf(sha256: string): string {
    return createHash('sha256')
      .update(this.secret + sha256)
      .digest('base64');
  }
}
