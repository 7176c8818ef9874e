import { parseByteRange } from './byte-range';

const LENGTH = 100;

describe('parseByteRange', () => {
  it.each([
    ['bytes=0-0', { first: 0, last: 0 }],
    ['bytes=0-99', { first: 0, last: 99 }],
    ['bytes=10-', { first: 10, last: 99 }],
    ['bytes=99-', { first: 99, last: 99 }],
    ['bytes=-10', { first: 90, last: 99 }],
    ['bytes=-1000', { first: 0, last: 99 }],
    ['bytes=90-1000', { first: 90, last: 99 }],
    ['BYTES= 1-2 ', { first: 1, last: 2 }],
  ])('should read %j', (header, expected) => {
    expect(parseByteRange(header, LENGTH)).toEqual(expected);
  });

  it.each(['bytes=100-', 'bytes=100-200', 'bytes=-0'])('should find %j past the end', (header) => {
    expect(parseByteRange(header, LENGTH)).toBe('unsatisfiable');
  });

  it.each([
    undefined,
    '',
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=5-4',
    'bytes=a-b',
    'bytes=0-1,5-6',
    'lines=0-1',
    'bytes=1-2x',
  ])('should ignore %j', (header) => {
    expect(parseByteRange(header, LENGTH)).toBe('whole');
  });
});
