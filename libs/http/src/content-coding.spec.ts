import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import { asksForGzip, codedStream, streamCoding } from './content-coding';

const MOST_STREAMS = 16;
const HEADERS = { 'accept-encoding': 'br, gzip' };

/** A source that goes on for as long as it is read. */
const endless = (): Readable => Readable.from(forEver(), { objectMode: false });
function* forEver(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(65_536);
}

const closed = (stream: Readable): Promise<unknown> => new Promise((resolve) => stream.once('close', resolve));

describe('streams that are compressed', () => {
  it.each(['br', 'gzip'] as const)('should be what their source is: %s', async (coding) => {
    const packed = codedStream(Readable.from(['some ', 'rows'], { objectMode: false }), coding);
    const unpacked = packed.pipe(coding === 'br' ? createBrotliDecompress() : createGunzip());
    expect(await text(unpacked)).toBe('some rows');
  });

  it.each([
    ['whose readers go away', (stream: Readable) => stream.destroy()],
    ['that fail', (stream: Readable) => stream.destroy(new Error('the disk'))],
  ])('should be few at once, and leave their places to others: ones %s', async (_what, end) => {
    const streams = Array.from({ length: MOST_STREAMS }, (_, index) => {
      expect(streamCoding(HEADERS)).toBe('br');
      return codedStream(endless(), index % 2 ? 'br' : 'gzip').on('error', () => undefined);
    });
    expect(streamCoding(HEADERS)).toBeUndefined();
    for (const stream of streams) {
      const ended = closed(stream);
      end(stream);
      await ended;
      expect(streamCoding(HEADERS)).toBe('br');
    }
  });

  it('should leave their places when they have been read to their end', async () => {
    const streams = Array.from({ length: MOST_STREAMS }, () =>
      codedStream(Readable.from(['rows'], { objectMode: false }), 'gzip'),
    );
    expect(streamCoding(HEADERS)).toBeUndefined();
    const ended = streams.map(closed);
    await Promise.all(streams.map((stream) => text(stream.pipe(createGunzip()))));
    await Promise.all(ended);
    expect(streamCoding(HEADERS)).toBe('br');
  });
});

describe('asksForGzip', () => {
  it.each(['gzip', 'GZIP', 'x-gzip', 'br, gzip', 'gzip;q=0.5', 'gzip; q=1.0, br'])(
    'should compress for %j',
    (accepted) => {
      expect(asksForGzip({ 'accept-encoding': accepted })).toBe(true);
    },
  );

  it.each(['', 'identity', 'br', '*', 'gzip;q=0', 'gzip; q=0.000', 'notgzip'])(
    'should not compress for %j',
    (accepted) => {
      expect(asksForGzip({ 'accept-encoding': accepted })).toBe(false);
    },
  );

  it('should not compress unasked', () => {
    expect(asksForGzip({})).toBe(false);
  });
});
