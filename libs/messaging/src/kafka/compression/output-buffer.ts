import { CompressionError } from './compression.error';

const FIRST_BYTES = 65_536;

/** Bytes that a decoder writes one after the other, and reads back from: it grows up to a limit. */
export class OutputBuffer {
  bytes: Uint8Array;
  length = 0;

  constructor(private readonly maxBytes: number) {
    this.bytes = new Uint8Array(Math.min(FIRST_BYTES, maxBytes));
  }

  /** Makes room for so many bytes more. @throws CompressionError beyond the limit */
  reserve(count: number): void {
    const wanted = this.length + count;
    if (wanted <= this.bytes.length) return;
    if (wanted > this.maxBytes) throw tooLarge(this.maxBytes);
    const larger = new Uint8Array(Math.min(this.maxBytes, Math.max(wanted, 2 * this.bytes.length)));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Repeats what begins `distance` bytes back; the two may overlap. */
  repeat(distance: number, count: number): void {
    this.reserve(count);
    const { bytes } = this;
    let to = this.length;
    for (let from = to - distance; to < this.length + count; from += 1, to += 1) bytes[to] = bytes[from] ?? 0;
    this.length = to;
  }

  toBuffer(): Buffer {
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.length);
  }
}

export function tooLarge(maxBytes: number): CompressionError {
  return new CompressionError(`its messages are larger than ${maxBytes} bytes when they are unpacked`);
}
