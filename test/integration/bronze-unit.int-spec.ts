import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { BronzeArchive, type BronzeUnit } from '@app/bronze';
import { PRICE_KIND, type PriceEvent } from '@app/domain';
import { FakeStoredFiles } from '@app/testing';
import fc from 'fast-check';
import { NOON } from '../support/test-store';

const fileOf = (partition: number): string => `crypto_prices_2026-01-15.p${partition}.jsonl`;

/** Appends lines as those of prices that were captured at noon. */
function append(unit: BronzeUnit, partition: number, ...lines: readonly string[]): void {
  const event = { timestamp: NOON } as PriceEvent;
  unit.appendEvents(
    lines.map((line) => ({ kind: PRICE_KIND, line, event })),
    partition,
  );
}

/** Units of any store: what a failed one takes back is known to the unit, whatever else its process writes. */
describe('a bronze unit', () => {
  let folder: string;
  let stored: FakeStoredFiles;
  let archive: BronzeArchive;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'csp-bronze-unit-'));
    stored = new FakeStoredFiles();
    archive = new BronzeArchive(folder, stored);
  });

  afterEach(() => {
    archive.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const contents = (partition: number): string => readFileSync(join(folder, fileOf(partition)), 'utf8');

  it('should append the bytes of every line and its line break, in order, and store their length and checksum', () => {
    let expected = '';
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 300 }), { maxLength: 20 }), (lines) => {
        append(archive.unit(), 0, ...lines);
        expected += lines.map((line) => `${line}\n`).join('');
        if (expected === '') return;
        const bytes = readFileSync(join(folder, fileOf(0)));
        expect(bytes.toString('utf8')).toBe(expected);
        expect(stored.find(fileOf(0))).toEqual({ length: bytes.length, crc32: crc32(bytes) });
      }),
    );
  });

  it('should append more lines than its buffer holds, and a line that is larger than it', () => {
    const lines = [
      ...Array.from({ length: 9 }, (_, index) => `${index}`.repeat(65_536)),
      '币'.repeat(400_000),
      ...Array.from({ length: 20_000 }, (_, index) => `{"line":${index}}`),
    ];
    append(archive.unit(), 0, ...lines);
    const bytes = readFileSync(join(folder, fileOf(0)));
    expect(bytes.length).toBeGreaterThan(3 * 512 * 1024);
    expect(bytes.equals(Buffer.from(`${lines.join('\n')}\n`))).toBe(true);
    expect(stored.find(fileOf(0))).toEqual({ length: bytes.length, crc32: crc32(bytes) });
  });

  it('should take back its own lines, and none of a unit that appends at the same time', () => {
    append(archive.unit(), 0, 'a', 'b');
    const [failing, other] = [archive.unit(), archive.unit()];
    append(failing, 0, 'lost');
    append(other, 1, 'c');
    append(failing, 2, 'lost too');
    failing.cutBack();
    append(other, 1, 'd');
    expect([0, 1, 2].map(contents)).toEqual(['a\nb\n', 'c\nd\n', '']);
  });

  it('should take back what it appended in several steps and to the manifest', () => {
    archive.unit().appendToManifest('{"first":1}');
    const failing = archive.unit();
    failing.appendToManifest('{"second":2}', '{"third":3}');
    append(failing, 0, 'a');
    append(failing, 0, 'b');
    failing.cutBack();
    expect(contents(0)).toBe('');
    expect(readFileSync(join(folder, 'fetches.jsonl'), 'utf8')).toBe('{"first":1}\n');
  });

  it('should leave what another process has appended since, when it comes to it late', () => {
    const failing = archive.unit();
    stored.rolledBack(() => {
      append(failing, 0, 'a line that is longer than what comes instead');
    });
    const elsewhere = new BronzeArchive(folder, stored);
    append(elsewhere.unit(), 0, 'of another');
    elsewhere.close();
    failing.cutToStored();
    expect(contents(0)).toBe('of another\n');
  });

  it('should change nothing once it is committed', () => {
    const unit = archive.unit();
    append(unit, 0, 'a');
    unit.cutToStored();
    appendFileSync(join(folder, fileOf(0)), 'not of this unit\n');
    unit.cutToStored();
    unit.cutBack();
    expect(contents(0)).toBe('a\nnot of this unit\n');
  });
});
