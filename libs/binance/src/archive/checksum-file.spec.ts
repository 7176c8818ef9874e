import { readChecksum } from './checksum-file';

const HASH = '0123456789abcdef'.repeat(4);

describe('readChecksum', () => {
  it.each([
    ['as the archive writes it', `${HASH}  X-1m-2020-01-01.zip`],
    ['with a line break', `${HASH}  X-1m-2020-01-01.zip\n`],
    ['of a binary file', `${HASH.toUpperCase()} *X-1m-2020-01-01.zip\r\n`],
  ])('should read a checksum %s', (_, text) => {
    expect(readChecksum(text, 'X-1m-2020-01-01.zip')).toBe(HASH);
  });

  it.each([
    ['', 'is not "<sha256>  <name>"'],
    ['<html>', 'is not "<sha256>  <name>"'],
    [`${HASH.slice(1)}  X-1m-2020-01-01.zip`, 'is not "<sha256>  <name>"'],
    [`${HASH}  X-1m-2020-01-02.zip`, 'is of another file: X-1m-2020-01-02.zip'],
  ])('should refuse %j', (text, message) => {
    expect(() => readChecksum(text, 'X-1m-2020-01-01.zip')).toThrow(message);
  });
});
