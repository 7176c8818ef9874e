import { CompressionError } from './compression.error';
import { OutputBuffer } from './output-buffer';

const FRAME_MAGIC = 0x184d2204;
const SKIPPABLE_MAGIC = 0x184d2a50;
const VERSION = 1;
const SHORTEST_MATCH = 4;
const NO_MORE = 15;
const FULL_BYTE = 255;
const UNCOMPRESSED = 0x8000_0000;

const FLAG = { blockChecksum: 0x10, contentSize: 0x08, contentChecksum: 0x04, dictionary: 0x01 } as const;

/**
 * Unpacks LZ4 frames (github.com/lz4/lz4, doc/lz4_Frame_format.md and lz4_Block_format.md), one after the other, as Kafka's
 * clients and brokers write them. Checksums are passed over: Kafka has one over the whole batch.
 * @throws CompressionError
 */
export function unpackLz4(input: Uint8Array, maxBytes: number): Buffer {
  const output = new OutputBuffer(maxBytes);
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  let position = 0;
  try {
    while (position < input.length) {
      const magic = view.getUint32(position, true);
      position += 4;
      // Four bits of a skippable frame's number are free.
      if ((magic & 0xffff_fff0) >>> 0 === SKIPPABLE_MAGIC) position += 4 + view.getUint32(position, true);
      else if (magic === FRAME_MAGIC) position = readFrame(input, view, position, output);
      else throw new CompressionError('no LZ4 frame begins where one has to');
    }
  } catch (error) {
    // DataView says so of a read beyond the end.
    if (error instanceof RangeError) throw new CompressionError('an LZ4 frame is cut short', { cause: error });
    throw error;
  }
  return output.toBuffer();
}

/** Reads a frame behind its magic number; returns where it ends. */
function readFrame(input: Uint8Array, view: DataView, start: number, output: OutputBuffer): number {
  const flags = view.getUint8(start);
  if (flags >> 6 !== VERSION) throw new CompressionError(`LZ4 frames of version ${flags >> 6} are not known`);
  if ((flags & FLAG.dictionary) !== 0) throw new CompressionError('an LZ4 frame needs a dictionary');
  // Flags, block size, content size where there is one, checksum of these.
  let position = start + 2 + ((flags & FLAG.contentSize) === 0 ? 0 : 8) + 1;
  const behindBlock = (flags & FLAG.blockChecksum) === 0 ? 0 : 4;
  for (;;) {
    const header = view.getUint32(position, true);
    position += 4;
    if (header === 0) break;
    const size = header & ~UNCOMPRESSED;
    const end = position + size;
    if (end > input.length) throw new CompressionError('an LZ4 block is cut short');
    const block = input.subarray(position, end);
    if ((header & UNCOMPRESSED) === 0) unpackBlock(block, output);
    else output.append(block);
    position = end + behindBlock;
  }
  return position + ((flags & FLAG.contentChecksum) === 0 ? 0 : 4);
}

/** A block: sequences of literals and of a match that repeats what was written before; the last has literals alone. */
function unpackBlock(block: Uint8Array, output: OutputBuffer): void {
  let position = 0;
  const next = (): number => {
    const byte = block[position];
    if (byte === undefined) throw new CompressionError('an LZ4 block ends within a sequence');
    position += 1;
    return byte;
  };
  const lengthFrom = (short: number): number => {
    let length = short;
    if (short === NO_MORE) {
      let more = FULL_BYTE;
      while (more === FULL_BYTE) length += more = next();
    }
    return length;
  };
  while (position < block.length) {
    const token = next();
    const literals = lengthFrom(token >> 4);
    if (position + literals > block.length) throw new CompressionError('an LZ4 block ends within its literals');
    output.append(block.subarray(position, position + literals));
    position += literals;
    if (position === block.length) return;
    const distance = next() | (next() << 8);
    if (distance === 0 || distance > output.length) {
      throw new CompressionError('an LZ4 block refers to bytes before its beginning');
    }
    output.repeat(distance, lengthFrom(token & NO_MORE) + SHORTEST_MATCH);
  }
}
