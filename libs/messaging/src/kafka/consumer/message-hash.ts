import { createHash } from 'node:crypto';
import type { KafkaMessage } from 'kafkajs';

/** Tells a message from any other that may stand at the same offset of another incarnation of its topic. */
export function hashOfMessage({ key, value, timestamp }: KafkaMessage): string {
  const hash = createHash('sha256').update(`${timestamp} ${key?.length ?? -1} ${value?.length ?? -1} `);
  if (key) hash.update(key);
  if (value) hash.update(value);
  return hash.digest('base64url');
}
