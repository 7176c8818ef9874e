/** Texts that are shorter, and of ASCII, are written byte by byte; their length takes one byte. */
const SHORT_TEXT = 0x40;

/**
 * Whole numbers and short texts as bytes: unsigned numbers in base 128, lowest digits first (as in Protocol Buffers),
 * signed ones zigzag. Numbers are exact up to 2^52, which microseconds since the epoch stay below until the year 2112.
 */
export class VarintWriter {
  private bytes: Buffer = Buffer.allocUnsafe(256);
  private length = 0;

  unsigned(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is no unsigned whole number`);
    this.reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.length++] = rest;
  }

  signed(value: number): void {
    this.unsigned(value < 0 ? -2 * value - 1 : 2 * value);
  }

  text(value: string): void {
    if (this.shortText(value)) return;
    const size = Buffer.byteLength(value);
    this.unsigned(size);
    this.reserve(size);
    this.length += this.bytes.write(value, this.length);
  }

  /** Writes names of symbols and sources: handing so few bytes to native code takes longer than copying them here. */
  private shortText(value: string): boolean {
    const { length } = value;
    if (length >= SHORT_TEXT) return false;
    this.reserve(1 + length);
    const start = this.length + 1;
    for (let index = 0; index < length; index += 1) {
      const code = value.charCodeAt(index);
      if (code >= 0x80) return false;
      this.bytes[start + index] = code;
    }
    this.bytes[this.length] = length;
    this.length = start + length;
    return true;
  }

  /** The bytes so far, in the memory of the writer. */
  get written(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  private reserve(size: number): void {
    if (this.length + size <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.bytes.length, this.length + size));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}

/** Reads what {@link VarintWriter} wrote. @throws RangeError where the bytes end too soon or a number is too large */
export class VarintReader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  get ended(): boolean {
    return this.at >= this.bytes.length;
  }

  unsigned(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw new RangeError('the bytes end within a number');
      value += (byte & 0x7f) * scale;
      if (!Number.isSafeInteger(value)) throw new RangeError('a number is too large');
      if (byte < 0x80) return value;
    }
  }

  signed(): number {
    const value = this.unsigned();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }

  text(): string {
    const size = this.unsigned();
    const end = this.at + size;
    if (end > this.bytes.length) throw new RangeError('the bytes end within a text');
    const text = this.bytes.toString('utf8', this.at, end);
    this.at = end;
    return text;
  }
}
