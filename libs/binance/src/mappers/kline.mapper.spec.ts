import { KLINE_SOURCE, MINUTE } from '@app/domain';
import { mapKlines } from './kline.mapper';

const OPEN_MS = Date.UTC(2026, 0, 15, 12);
const OPEN = OPEN_MS * 1_000;
const PAGE = { symbol: 'BTCUSDT', range: { start: OPEN, end: OPEN + 10 * MINUTE }, capturedAt: OPEN + 11 * MINUTE };

function row(minute: number, changes: Readonly<Record<number, unknown>> = {}): unknown[] {
  const open = OPEN_MS + minute * 60_000;
  const columns: unknown[] = [
    open,
    '0.01634790',
    '0.80000000',
    '0.01575800',
    '0.01577100',
    '148976.11427815',
    open + 59_999,
    '2434.19055334',
    308,
    '1756.87402397',
    '28.46694368',
    '0',
  ];
  return Object.assign(columns, changes);
}

describe('mapKlines', () => {
  it('should keep every digit of a row', () => {
    expect(mapKlines([row(0)], PAGE)).toEqual({
      rows: [
        {
          symbol: 'BTCUSDT',
          openTime: OPEN,
          closeTime: OPEN + MINUTE - 1_000,
          open: '0.01634790',
          high: '0.80000000',
          low: '0.01575800',
          close: '0.01577100',
          volume: '148976.11427815',
          quoteVolume: '2434.19055334',
          tradeCount: 308,
          takerBuyVolume: '1756.87402397',
          takerBuyQuoteVolume: '28.46694368',
          source: KLINE_SOURCE,
          capturedAt: PAGE.capturedAt,
        },
      ],
      dropped: [],
    });
  });

  it('should give the same candle for times in microseconds', () => {
    const micros = row(0, { 0: OPEN, 6: OPEN + MINUTE - 1 });
    expect(mapKlines([micros], PAGE)).toEqual(mapKlines([row(0)], PAGE));
  });

  it('should keep an open time off the full minute, and a quiet minute', () => {
    const page = mapKlines([row(0, { 0: OPEN_MS + 1_234 }), row(1, { 8: 0, 5: '0.00000000' })], PAGE);
    expect(page.rows.map(({ openTime, tradeCount }) => [openTime, tradeCount])).toEqual([
      [OPEN + 1_234_000, 308],
      [OPEN + MINUTE, 0],
    ]);
  });

  it('should take columns of tomorrow and an empty page', () => {
    expect(mapKlines([[...row(0), 'new', null]], PAGE).rows).toHaveLength(1);
    expect(mapKlines([], PAGE)).toEqual({ rows: [], dropped: [] });
  });

  it('should take a row once that is there twice', () => {
    const page = mapKlines([row(0), row(0), row(1), row(1, { 1: '0.0163479' })], PAGE);
    expect(page.rows).toHaveLength(2);
    expect(page.dropped.map(({ reason }) => reason)).toEqual(['duplicate', 'duplicate']);
  });

  it.each([
    ['no list', { rows: [] }],
    ['a row that is no list', [null]],
    ['a short row', [row(0).slice(0, 11)]],
    ['a price as a number', [row(0, { 1: 0.0163479 })]],
    ['a price with an exponent', [row(0, { 2: '1e-7' })]],
    ['a negative volume', [row(0, { 5: '-1' })]],
    ['an open time as text', [row(0, { 0: String(OPEN_MS) })]],
    ['a fractional open time', [row(0, { 0: OPEN_MS + 0.5 })]],
    ['a close before the open', [row(0, { 6: OPEN_MS - 1 })]],
    ['a trade count that is no count', [row(0, { 8: '308' })]],
    ['a minute before the range', [row(-1)]],
    ['a minute at the end of the range', [row(10)]],
    ['minutes in the wrong order', [row(1), row(0)]],
    ['one minute with two sets of numbers', [row(0), row(0, { 4: '0.01577101' })]],
    ['more rows than were asked for', Array.from({ length: 1_001 }, () => row(0))],
  ])('should refuse the whole page for %s', (_what, body) => {
    expect(() => mapKlines(body, PAGE)).toThrow(
      expect.objectContaining({ code: 'EXCHANGE.MALFORMED_ANSWER' }) as Error,
    );
  });
});
