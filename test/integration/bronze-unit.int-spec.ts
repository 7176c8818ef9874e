import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BronzeArchive, type BronzeUnit } from '@app/bronze';
import { PRICE_KIND, type PriceEvent } from '@app/domain';
import { FakeStoredFiles } from '@app/testing';
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
