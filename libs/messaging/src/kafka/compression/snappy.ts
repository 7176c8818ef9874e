import { CompressionError } from './compression.error';
import { OutputBuffer, tooLarge } from './output-buffer';

/** How the Java clients frame Snappy (github.com/xerial/snappy-java, SnappyOutputStream); others send it bare. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_BYTES = 16;
const LARGEST_VARINT_BYTES = 5;

type Uncompress = (input: Uint8Array, output: Uint8Array) => void;

/** @throws CompressionError */
export async function unpackSnappy(input: Uint8Array, maxBytes: number): Promise<Buffer> {
  const { snappyUncompress } = await import('hyparquet');
  const output = new OutputBuffer(maxBytes);
  if (!XERIAL_MAGIC.equals(input.subarray(0, XERIAL_MAGIC.length))) {
    return Buffer.from(unpackBlock(input, maxBytes, snappyUncompress));
  }
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  let position = XERIAL_HEADER_BYTES;
  while (position < input.length) {
    const start = position + 4;
    const end = start > input.length ? Infinity : start + view.getUint32(position);
    if (end > input.length) throw new CompressionError('a Snappy block is cut short');
    output.append(unpackBlock(input.subarray(start, end), maxBytes, snappyUncompress));
    position = end;
  }
  return output.toBuffer();
}

function unpackBlock(block: Uint8Array, maxBytes: number, uncompress: Uncompress): Uint8Array {
  const size = sizeOf(block);
  if (size > maxBytes) throw tooLarge(maxBytes);
  const output = new Uint8Array(size);
  try {
    uncompress(block, output);
  } catch (error) {
    throw new CompressionError(`a Snappy block is damaged (${(error as Error).message})`, { cause: error });
  }
  return output;
}

/** The length of what is packed, which a block begins with. */
function sizeOf(block: Uint8Array): number {
  let size = 0;
  for (const [index, byte] of block.subarray(0, LARGEST_VARINT_BYTES).entries()) {
    size += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return size;
  }
  throw new CompressionError('a Snappy block does not begin with its length');
}
