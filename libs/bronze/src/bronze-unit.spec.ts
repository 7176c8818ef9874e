import fc from 'fast-check';
import { LinePacker } from './bronze-unit';

/** Pieces share a buffer: each is copied before the next is asked for. */
function pieces(packer: LinePacker, lines: readonly string[]): Buffer[] {
  const copies: Buffer[] = [];
  for (const piece of packer.pack(lines)) copies.push(Buffer.from(piece));
  return copies;
}

describe('LinePacker', () => {
  it('should give the bytes of every line and its line break, in order', () => {
    const packer = new LinePacker();
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 300 }), { maxLength: 20 }), (lines) => {
        expect(Buffer.concat(pieces(packer, lines)).toString('utf8')).toBe(lines.map((line) => `${line}\n`).join(''));
      }),
    );
  });

  it('should give nothing for no lines', () => {
    expect(pieces(new LinePacker(), [])).toEqual([]);
  });

  it('should give more lines than one buffer holds in several pieces, and a line that is larger than it', () => {
    const lines = [
      ...Array.from({ length: 9 }, (_, index) => `${index}`.repeat(65_536)),
      '币'.repeat(400_000),
      ...Array.from({ length: 20_000 }, (_, index) => `{"line":${index}}`),
    ];
    const given = pieces(new LinePacker(), lines);
    expect(given.length).toBeGreaterThan(3);
    expect(Buffer.concat(given).equals(Buffer.from(`${lines.join('\n')}\n`))).toBe(true);
  });
});
