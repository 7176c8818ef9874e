import { CsvFile, CsvSnapshot } from './csv-snapshot';
import { SnapshotPins } from './snapshot-pins';

const snapshot = (text: string): CsvSnapshot =>
  new CsvSnapshot(new CsvFile(Buffer.from(text), 'a.csv'), { lastModified: 0, isDistinct: true, heldSince: 0 });

describe('SnapshotPins', () => {
  const [before, after] = [snapshot('before'), snapshot('after')];

  it('should hold an address, and no other, for ten seconds', () => {
    const pins = new SnapshotPins();
    pins.pin('/a', before, 0);
    expect([pins.pinned('/a', 9_999), pins.pinned('/b', 0)]).toEqual([before, undefined]);
    expect(pins.pinned('/a', 10_000)).toBeUndefined();
  });

  it('should hold on while it is read, but for 30 seconds at most', () => {
    const pins = new SnapshotPins();
    for (let now = 0; now <= 25_000; now += 5_000) pins.pin('/a', before, now);
    expect(pins.pinned('/a', 29_999)).toBe(before);
    expect(pins.pinned('/a', 30_000)).toBeUndefined();
  });

  it('should hold the new bytes once the old ones were let go', () => {
    const pins = new SnapshotPins();
    pins.pin('/a', before, 0);
    pins.pin('/a', after, 20_000);
    expect(pins.pinned('/a', 29_999)).toBe(after);
  });
});
