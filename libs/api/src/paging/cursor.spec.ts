import fc from 'fast-check';
import { ProblemError } from '@app/http';
import { assertCursorOf, cursorScope, decodeCursor, encodeCursor, type Cursor } from './cursor';

const SCOPE = cursorScope('/candles', ['BTCUSDT'], '1m');
const CURSOR: Cursor = {
  scope: SCOPE,
  feed: 'feed-position',
  key: { time: 1_768_485_802_913_852, symbol: '币安人生USDT' },
  times: {},
};
const RELATIVE: Cursor = {
  ...CURSOR,
  times: {
    start: { written: '-24h', time: 1_768_400_000_000_000 },
    as_of: { written: 'now', time: 1_768_486_400_000_000 },
  },
};

const partsOf = (cursor: Cursor): unknown[] =>
  JSON.parse(Buffer.from(encodeCursor(cursor), 'base64url').toString()) as unknown[];
const write = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('cursor', () => {
  it('should give back the position that was written', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.string({ unit: 'grapheme' }), (time, symbol) => {
        const cursor = { ...CURSOR, key: { time, symbol } };
        expect(decodeCursor(encodeCursor(cursor))).toEqual(cursor);
      }),
    );
  });

  it('should give back the source of a price event, and the times that were relative to now', () => {
    const cursor: Cursor = { ...RELATIVE, key: { ...CURSOR.key, source: 'ticker' } as Cursor['key'] };
    for (const written of [CURSOR, RELATIVE, cursor]) expect(decodeCursor(encodeCursor(written))).toEqual(written);
  });

  it('should be safe in an address', () => {
    expect(encodeCursor(RELATIVE)).toMatch(/^[A-Za-z0-9_-]+$/);
  });

  it('should be none when none is given', () => {
    expect(decodeCursor(undefined)).toBeUndefined();
  });

  it('should be refused by another question', () => {
    expect(() => {
      assertCursorOf(SCOPE, CURSOR);
    }).not.toThrow();
    for (const other of [
      cursorScope('/trades/range', ['BTCUSDT'], '1m'),
      cursorScope('/candles', ['ETHUSDT'], '1m'),
      cursorScope('/candles', ['BTCUSDT'], '1h'),
    ]) {
      expect(() => {
        assertCursorOf(other, CURSOR);
      }).toThrow(ProblemError);
    }
  });

  it('should be refused when it was altered', () => {
    const [scope, feed, time, symbol, sum] = partsOf(CURSOR);
    expect(decodeCursor(write([scope, feed, time, symbol, sum]))).toEqual(CURSOR);
    const [, , times, ...others] = partsOf(RELATIVE);
    expect(decodeCursor(write([scope, feed, times, ...others]))).toEqual(RELATIVE);
    for (const altered of [
      write([scope, feed, Number(time) + 1, symbol, sum]),
      write([scope, feed, time, 'BTCUSDT', sum]),
      write([scope, 'other', time, symbol, sum]),
      write([scope, feed, String(time), symbol, sum]),
      write([scope, feed, time, symbol]),
      write([scope, feed, ...others]),
      write([scope, feed, [['start', '-24h', 0]], ...others]),
      write([]),
      write({ scope }),
      write(null),
      'no-cursor',
      '',
    ]) {
      expect(() => decodeCursor(altered)).toThrow(/^cursor: .* next_cursor of an earlier answer/);
    }
  });

  it('should be refused when it was made up, also where its sum is right', () => {
    for (const made of [
      { ...CURSOR, feed: 1 },
      { ...CURSOR, key: { time: '1', symbol: 'BTCUSDT' } },
      { ...CURSOR, key: { time: 1, symbol: null } },
      { ...CURSOR, key: { time: 1, symbol: 'BTCUSDT', source: {} } },
      { ...CURSOR, times: { start: { written: '-24h', time: -1 } } },
      { ...CURSOR, times: { start: { written: '-24h', time: 9e15 } } },
      { ...CURSOR, times: { start: { written: 1, time: 1 } } },
      { ...CURSOR, times: { limit: { written: '-24h', time: 1 } } },
    ]) {
      expect(() => decodeCursor(encodeCursor(made as unknown as Cursor))).toThrow(ProblemError);
    }
  });
});
