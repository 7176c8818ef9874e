import fc from 'fast-check';
import { ProblemError } from '@app/http';
import { cursorScope, decodeCursor, encodeCursor } from './cursor';

const SCOPE = cursorScope('/candles', ['BTCUSDT'], '1m');
const FEED = 'feed-position';
const KEY = { time: 1_768_485_802_913_852, symbol: '币安人生USDT' };

describe('cursor', () => {
  it('should give back the position that was written', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.string({ unit: 'grapheme' }), (time, symbol) => {
        expect(decodeCursor(SCOPE, encodeCursor(SCOPE, { time, symbol }, FEED))).toEqual({
          feed: FEED,
          key: { time, symbol },
        });
      }),
    );
  });

  it('should be safe in an address', () => {
    expect(encodeCursor(SCOPE, KEY, FEED)).toMatch(/^[A-Za-z0-9_-]+$/);
  });

  it('should be none when none is given', () => {
    expect(decodeCursor(SCOPE, undefined)).toBeUndefined();
  });

  it('should be refused by another question', () => {
    const cursor = encodeCursor(SCOPE, KEY, FEED);
    for (const other of [
      cursorScope('/trades/range', ['BTCUSDT'], '1m'),
      cursorScope('/candles', ['ETHUSDT'], '1m'),
      cursorScope('/candles', ['BTCUSDT'], '1h'),
    ]) {
      expect(() => decodeCursor(other, cursor)).toThrow(ProblemError);
    }
  });

  it('should be refused when it was altered', () => {
    const [scope, feed, time, symbol, sum] = JSON.parse(
      Buffer.from(encodeCursor(SCOPE, KEY, FEED), 'base64url').toString(),
    ) as unknown[];
    const write = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    expect(decodeCursor(SCOPE, write([scope, feed, time, symbol, sum]))).toEqual({ feed: FEED, key: KEY });
    for (const altered of [
      write([scope, feed, Number(time) + 1, symbol, sum]),
      write([scope, feed, time, 'BTCUSDT', sum]),
      write([scope, 'other', time, symbol, sum]),
      write([scope, feed, String(time), symbol, sum]),
      write([scope, feed, time, symbol]),
      write({ scope }),
      write(null),
      'no-cursor',
      '',
    ]) {
      expect(() => decodeCursor(SCOPE, altered)).toThrow(/^cursor: .* next_cursor of an earlier answer/);
    }
  });
});
