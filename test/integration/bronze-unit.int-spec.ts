import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BronzeArchive } from '@app/bronze';
import { DAY, floorTo } from '@app/domain';
import { FakeStoredFiles } from '@app/testing';
import { NOON } from '../support/test-store';

const TODAY = floorTo(NOON, DAY);
const TOPIC = 'crypto_prices';
const ofPartition = (partition: number) => ({ topic: TOPIC, partition });
const fileOf = (partition: number): string => `${TOPIC}_2026-01-15.p${partition}.jsonl`;

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
    archive.unit().append(ofPartition(0), TODAY, ['a', 'b']);
    const [failing, other] = [archive.unit(), archive.unit()];
    failing.append(ofPartition(0), TODAY, ['lost']);
    other.append(ofPartition(1), TODAY, ['c']);
    failing.append(ofPartition(2), TODAY, ['lost too']);
    failing.cutBack();
    other.append(ofPartition(1), TODAY, ['d']);
    expect([0, 1, 2].map(contents)).toEqual(['a\nb\n', 'c\nd\n', '']);
  });

  it('should take back what it appended in several steps and to the manifest', () => {
    archive.unit().appendToManifest('{"first":1}');
    const failing = archive.unit();
    failing.appendToManifest('{"second":2}', '{"third":3}');
    failing.append(ofPartition(0), TODAY, ['a']);
    failing.append(ofPartition(0), TODAY, ['b']);
    failing.cutBack();
    expect(contents(0)).toBe('');
    expect(readFileSync(join(folder, 'fetches.jsonl'), 'utf8')).toBe('{"first":1}\n');
  });

  it('should leave what another process has appended since, when it comes to it late', () => {
    const failing = archive.unit();
    stored.rolledBack(() => {
      failing.append(ofPartition(0), TODAY, ['a line that is longer than what comes instead']);
    });
    const elsewhere = new BronzeArchive(folder, stored);
    elsewhere.unit().append(ofPartition(0), TODAY, ['of another']);
    elsewhere.close();
    failing.cutToStored();
    expect(contents(0)).toBe('of another\n');
  });

  it('should change nothing once it is committed', () => {
    const unit = archive.unit();
    unit.append(ofPartition(0), TODAY, ['a']);
    unit.cutToStored();
    appendFileSync(join(folder, fileOf(0)), 'not of this unit\n');
    unit.cutToStored();
    unit.cutBack();
    expect(contents(0)).toBe('a\nnot of this unit\n');
  });
});
