import { nextPath } from './next-path';

describe('nextPath', () => {
  it.each([
    ['symbols?limit=5000', '/symbols?limit=5000&cursor=abc', 'symbols?limit=5000&cursor=abc'],
    ['symbols', '/market/symbols?cursor=abc', 'symbols?cursor=abc'],
    [
      'coverage?start=-7d',
      '/a/b/coverage?start=2026-11-20T00%3A00%3A00Z&cursor=x',
      'coverage?start=2026-11-20T00%3A00%3A00Z&cursor=x',
    ],
  ])('should stay within the path that the page came by: %s, then %s', (path, nextUrl, next) => {
    expect(nextPath(path, nextUrl)).toBe(next);
  });
});
