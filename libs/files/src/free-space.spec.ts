import { isLow } from './free-space';

const [MB, GB] = [1_000_000, 1_000_000_000];

describe('isLow', () => {
  it.each([
    [499 * MB, 1_000 * GB],
    [499 * MB, 4 * GB],
    [0, 10 * GB],
    [900 * MB, 19 * GB],
  ])('should be true for %d bytes free of %d', (freeBytes, totalBytes) => {
    expect(isLow({ freeBytes, totalBytes })).toBe(true);
  });

  it.each([
    [500 * MB, 1_000 * GB],
    [500 * MB, 10 * GB],
    [900 * MB, 20 * GB],
    [950 * MB, 19 * GB],
  ])('should be false for %d bytes free of %d', (freeBytes, totalBytes) => {
    expect(isLow({ freeBytes, totalBytes })).toBe(false);
  });
});
