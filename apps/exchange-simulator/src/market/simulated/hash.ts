/** Bound once: these run a million times a second. */
const { imul } = Math;

/** A 32-bit key for a text (FNV-1a, finished by the murmur3 finaliser). */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text, 'utf8')) {
    hash = imul(hash ^ byte, 0x01000193);
  }
  return finalise(hash);
}

/** A well-mixed unsigned 32-bit number for a key and an index below 2^32. */
export function hash32(key: number, index: number): number {
  return finalise((imul(index, 0x9e3779b1) + key) | 0);
}

/** The finaliser of MurmurHash3 (Austin Appleby, public domain): each input bit changes each output bit half the time. */
function finalise(value: number): number {
  let hash = value;
  hash = imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
