import { MILLISECOND } from '@app/domain';
import { isNotModified } from './request-conditions';

const ETAG = 'W/"abc"';
/** Copies of noon are the version that is there. */
const atNoon = (since: number): boolean => since === Date.UTC(2026, 0, 15, 12) * MILLISECOND;

describe('isNotModified', () => {
  it.each(['W/"abc"', '"abc"', '*', ' * ', '"x", W/"abc"', '"abc" , "y"'])('should know If-None-Match %j', (tags) => {
    expect(isNotModified({ 'if-none-match': tags }, ETAG, atNoon)).toBe(true);
  });

  it.each(['"x"', 'abc', '', 'W/"ab"'])('should send anew for If-None-Match %j', (tags) => {
    expect(isNotModified({ 'if-none-match': tags }, ETAG, atNoon)).toBe(false);
  });

  it('should look at the date only where there is no tag', () => {
    const since = 'Thu, 15 Jan 2026 12:00:00 GMT';
    expect(isNotModified({ 'if-modified-since': since }, ETAG, atNoon)).toBe(true);
    expect(isNotModified({ 'if-modified-since': 'Thu, 15 Jan 2026 11:59:59 GMT' }, ETAG, atNoon)).toBe(false);
    expect(isNotModified({ 'if-none-match': '"x"', 'if-modified-since': since }, ETAG, atNoon)).toBe(false);
  });

  it('should send anew for no condition and for a date that is none', () => {
    expect(isNotModified({}, ETAG, atNoon)).toBe(false);
    expect(isNotModified({ 'if-modified-since': 'yesterday' }, ETAG, atNoon)).toBe(false);
  });
});
