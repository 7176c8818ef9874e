/** Holds any line that the contracts admit. */
const PIECE_BYTES = 512 * 1024;
/** Most bytes that UTF-8 takes for a UTF-16 unit. */
const BYTES_PER_UNIT = 3;
const NEWLINE = 0x0a;

/** Turns lines into the bytes that go to a file, in pieces that share one buffer. */
export class LinePacker {
  private readonly buffer = Buffer.allocUnsafeSlow(PIECE_BYTES);

  /** The lines in order, each with its line break. A piece is good until the next one is asked for. */
  *pack(lines: readonly string[]): Generator<Buffer> {
    let used = 0;
    for (const line of lines) {
      const most = BYTES_PER_UNIT * line.length + 1;
      if (used + most > PIECE_BYTES && used > 0) {
        yield this.buffer.subarray(0, used);
        used = 0;
      }
      if (most > PIECE_BYTES) {
        yield Buffer.from(`${line}\n`, 'utf8');
        continue;
      }
      used += this.buffer.write(line, used, 'utf8');
      this.buffer[used] = NEWLINE;
      used += 1;
    }
    if (used > 0) yield this.buffer.subarray(0, used);
  }
}
