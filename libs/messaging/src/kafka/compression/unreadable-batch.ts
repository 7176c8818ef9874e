import { randomBytes } from 'node:crypto';
import type { KafkaMessage } from 'kafkajs';

/** Key of the messages that stand for a batch that cannot be unpacked: no message of a topic has it. */
const TOKEN = randomBytes(32);

/** A record batch's header, as far as it is needed (kafka.apache.org/documentation/#recordbatch). */
const HEADER_BYTES = 61;
const OFFSETS_IN_HEADER = { magic: 16, lastOffsetDelta: 23, recordCount: 57 } as const;
const MAGIC = 2;

/** A batch of a partition whose compressed messages cannot be unpacked. */
export interface UnreadableBatch {
  readonly firstOffset: number;
  readonly reason: string;
}

/**
 * Messages in place of those of a batch that cannot be unpacked, as a codec of kafkajs may return them. A codec that
 * throws ends the whole consumer, which then does so again at the same batch, and neither says which partition it is
 * about. The messages that this makes are found by {@link unreadableBatchIn} where the partition is known.
 *
 * kafkajs hands a codec the end of the batch that it has in memory: the header lies before it. Undefined where it does
 * not, as in the message format before Kafka 0.11.
 */
export function unreadableBatch(compressed: Buffer, reason: string): Buffer | undefined {
  const start = compressed.byteOffset - HEADER_BYTES;
  if (start < 0) return undefined;
  const header = Buffer.from(compressed.buffer, start, HEADER_BYTES);
  if (header.readInt8(OFFSETS_IN_HEADER.magic) !== MAGIC) return undefined;
  const count = header.readInt32BE(OFFSETS_IN_HEADER.recordCount);
  const lastOffsetDelta = header.readInt32BE(OFFSETS_IN_HEADER.lastOffsetDelta);
  if (count <= 0 || lastOffsetDelta < count - 1) return undefined;
  const batch: UnreadableBatch = { firstOffset: Number(header.readBigInt64BE(0)), reason };
  // All of them are the batch's last: kafkajs passes over what lies before the offset that it asked for.
  const record = recordOf(lastOffsetDelta, Buffer.from(JSON.stringify(batch), 'utf8'));
  return Buffer.concat(Array.from({ length: count }, () => record));
}

/** The unreadable batch that a message stands for; undefined for a message that is one. */
export function unreadableBatchIn({ key, value }: Pick<KafkaMessage, 'key' | 'value'>): UnreadableBatch | undefined {
  // Asked of every message.
  if (key?.length !== TOKEN.length || !key.equals(TOKEN)) return undefined;
  return JSON.parse(String(value)) as UnreadableBatch;
}

/** A record of version 2: attributes, time (as the batch's), offset, key, value, no headers, and its length before it. */
function recordOf(offsetDelta: number, value: Buffer): Buffer {
  const fields = [Buffer.from([0, 0]), varint(offsetDelta), varint(TOKEN.length), TOKEN];
  const body = Buffer.concat([...fields, varint(value.length), value, varint(0)]);
  return Buffer.concat([varint(body.length), body]);
}

/** A whole number from 0 on, zigzag-encoded in groups of seven bits. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value * 2;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) + 0x80);
  bytes.push(left);
  return Buffer.from(bytes);
}
