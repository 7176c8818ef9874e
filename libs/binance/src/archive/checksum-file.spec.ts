import { readChecksum } from './checksum-file';

const HASH = '0123456789abcdef'.repeat(4);
const NAME = 'X-1m-2020-01-01.zip';

const utf8 = (text: string): Buffer => Buffer.from(text);
const utf16 = (text: string): Buffer => Buffer.from(`\uFEFF${text}`, 'utf16le');

describe('readChecksum', () => {
  it.each([
    ['as the archive writes it', utf8(`${HASH}  ${NAME}`)],
    ['with a line break', utf8(`${HASH}  ${NAME}\n`)],
    ['of a binary file', utf8(`${HASH.toUpperCase()} *${NAME}\r\n`)],
    ['of a file in this folder', utf8(`${HASH}  ./${NAME}\n`)],
    ['of a file in another folder', utf8(`${HASH} *C:\\data\\${NAME}\r\n`)],
    ['parted by a tab', utf8(`${HASH}\t${NAME}\n`)],
    ['with empty lines around', utf8(`\r\n${HASH}  ${NAME}\r\n\r\n`)],
    ['after a byte order mark', utf8(`\uFEFF${HASH}  ${NAME}\r\n`)],
    ['as PowerShell writes it', utf16(`${HASH.toUpperCase()}  ${NAME}\r\n`)],
    ['as macOS and BSD write it', utf8(`SHA256 (./${NAME}) = ${HASH}\n`)],
    ['among those of others', utf8(`${'f'.repeat(64)}  Y.zip\n${HASH}  ${NAME}\n`)],
  ])('should read a checksum %s', (_, bytes) => {
    expect(readChecksum(bytes, NAME)).toBe(HASH);
  });

  it.each([
    ['', 'is not "<sha256>  <name>"'],
    ['\r\n', 'is not "<sha256>  <name>"'],
    ['<html>', 'is not "<sha256>  <name>"'],
    [`${HASH.slice(1)}  ${NAME}`, 'is not "<sha256>  <name>"'],
    [`${HASH}${NAME}`, 'is not "<sha256>  <name>"'],
    [`${HASH}  X-1m-2020-01-02.zip`, 'is of another file: X-1m-2020-01-02.zip'],
    [`${HASH}  ./${NAME}/other.zip`, 'is of another file: other.zip'],
    [`${HASH}  ${NAME}\n${'f'.repeat(64)}  ${NAME}\n`, 'gives two different hashes for it'],
  ])('should refuse %j', (text, message) => {
    expect(() => readChecksum(utf8(text), NAME)).toThrow(message);
  });
});
