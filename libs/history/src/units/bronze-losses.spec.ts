import type { LostLines } from '@app/domain';
import { MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { findOnly, runUnit } from '../rows/unit';
import { addLossUnit, bronzeLosses } from './bronze-losses';

const loss = fc.record({
  folder: fc.constantFrom('a', 'b'),
  file: fc.constantFrom('crypto_prices_2026-01-15.jsonl', 'crypto_prices_2026-01-16.jsonl', 'fetches.jsonl'),
  firstLine: fc.integer({ min: 1, max: 9 }),
  lines: fc.integer({ min: 1, max: 9 }),
  noticedAt: fc.integer({ min: 1, max: 9 }),
  reason: fc.constantFrom('not JSON', 'torn'),
});

describe('what is lost of bronze files', () => {
  it('should be all lines of each file of a folder, with what was said of the first', () => {
    fc.assert(
      fc.property(fc.array(loss, { maxLength: 10 }), (given) => {
        const rows = new MemoryRows();
        for (const { folder, ...lost } of given) runUnit(rows, addLossUnit(folder, lost));
        for (const folder of ['a', 'b']) {
          const ofFolder = given.filter((one) => one.folder === folder);
          const files = [...new Set(ofFolder.map(({ file }) => file))].sort();
          const expected = files.map((file): LostLines => {
            const ofFile = ofFolder.filter((one) => one.file === file);
            const { firstLine, noticedAt, reason } = ofFile[0]!;
            return { file, firstLine, noticedAt, reason, lines: ofFile.reduce((sum, { lines }) => sum + lines, 0) };
          });
          expect(runUnit(rows, findOnly(bronzeLosses(folder)))).toEqual(expected);
        }
      }),
    );
  });
});
