import { createHash } from 'node:crypto';

/** Names of keys, as logs and lists show them. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** What stands in a header, in an address and in a list of the environment alike. */
const TEXT = /^[!-+\--~]{1,200}$/;

export const KEY_NAME_ALLOWED = '1 to 64 of the characters a-z A-Z 0-9 . _ -, the first a letter or a digit';

/** A key of the environment: nothing but its hash is kept. */
export interface ApiKeySetting {
  readonly name: string;
  /** Hex digits of the SHA-256 of the key. */
  readonly sha256: string;
}

export function isKeyName(text: string): boolean {
  return NAME.test(text);
}

/** Hex digits of the SHA-256 of a key. */
export function keyHash(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** The keys of `name:key,name:key`; undefined where that is not what it says, or a name or a key comes twice. */
export function parseApiKeys(text: string): ApiKeySetting[] | undefined {
  const keys: ApiKeySetting[] = [];
  for (const item of text.split(',').map((part) => part.trim())) {
    if (item === '') continue;
    const end = item.indexOf(':');
    const [name, key] = [item.slice(0, Math.max(end, 0)), item.slice(end + 1)];
    if (!isKeyName(name) || !TEXT.test(key)) return undefined;
    keys.push({ name, sha256: keyHash(key) });
  }
  const isDistinct = [keys.map(({ name }) => name), keys.map(({ sha256 }) => sha256)].every(
    (values) => new Set(values).size === values.length,
  );
  return isDistinct ? keys : undefined;
}
