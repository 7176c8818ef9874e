import { promisify } from 'node:util';
import { gunzip, gzip, zstdCompress, zstdDecompress } from 'node:zlib';
import { CompressionCodecs, CompressionTypes } from 'kafkajs';
import { CompressionError } from './compression.error';
import { unpackLz4 } from './lz4';
import { tooLarge } from './output-buffer';
import { unpackSnappy } from './snappy';
import { unreadableBatch } from './unreadable-batch';

/** Brokers take batches of 1 MB compressed by default; a process may have 512 MB in all. */
const MOST_UNPACKED_BYTES = 128 * 1_048_576;

type Unpack = (bytes: Buffer, maxBytes: number) => Promise<Buffer>;

interface Codec {
  readonly name: string;
  readonly unpack: Unpack;
  /** Undefined where this platform only reads. */
  readonly pack?: (bytes: Buffer) => Promise<Buffer>;
}

const unpackGzip = promisify(gunzip);
const unpackZstd = promisify(zstdDecompress);

/** Node says of an output that is too large only that it is. */
const bounded =
  (unpack: (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>): Unpack =>
  async (bytes, maxBytes) => {
    try {
      return await unpack(bytes, { maxOutputLength: maxBytes });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes);
      throw new CompressionError(message, { cause: error });
    }
  };

const CODEC_NUMBERS = [
  CompressionTypes.GZIP,
  CompressionTypes.Snappy,
  CompressionTypes.LZ4,
  CompressionTypes.ZSTD,
] as const;

const CODECS: Readonly<Record<(typeof CODEC_NUMBERS)[number], Codec>> = {
  [CompressionTypes.GZIP]: { name: 'gzip', unpack: bounded(unpackGzip), pack: promisify<Buffer, Buffer>(gzip) },
  [CompressionTypes.Snappy]: { name: 'snappy', unpack: unpackSnappy },
  [CompressionTypes.LZ4]: {
    name: 'lz4',
    unpack: (bytes, maxBytes) => Promise.resolve().then(() => unpackLz4(bytes, maxBytes)),
  },
  [CompressionTypes.ZSTD]: { name: 'zstd', unpack: bounded(unpackZstd), pack: promisify<Buffer, Buffer>(zstdCompress) },
};

/**
 * Teaches kafkajs to read what a broker or another producer has compressed (`compression.type` of the topic or of the
 * broker): it knows gzip alone. Nothing is compiled for it. For the whole process, so once is enough.
 */
export function registerCodecs(): void {
  for (const type of CODEC_NUMBERS) {
    const codec = CODECS[type];
    CompressionCodecs[type] = () => ({
      compress: ({ buffer }: { readonly buffer: Buffer }) => packWith(codec, buffer),
      decompress: (bytes: Buffer) => unpackWith(codec, bytes),
    });
  }
}

async function packWith({ name, pack }: Codec, bytes: Buffer): Promise<Buffer> {
  if (!pack) throw new CompressionError(`${name} is read, not written`);
  return pack(bytes);
}

async function unpackWith({ name, unpack }: Codec, bytes: Buffer): Promise<Buffer> {
  try {
    return await unpack(bytes, MOST_UNPACKED_BYTES);
  } catch (error) {
    const reason = `${name}: ${error instanceof Error ? error.message : String(error)}`;
    const standIn = unreadableBatch(bytes, reason);
    if (!standIn) throw error;
    return standIn;
  }
}
