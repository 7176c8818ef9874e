import { DAY, HOUR, KLINE_SOURCE, MINUTE } from '@app/domain';
import { mapFirstOpenTime } from './first-open-time.mapper';
import { mapKlines } from './kline.mapper';

const OPEN_MS = Date.UTC(2026, 0, 15, 12);
const OPEN = OPEN_MS * 1_000;
const RANGE = { start: OPEN, end: OPEN + 10 * MINUTE };
const PAGE = { symbol: 'BTCUSDT', range: RANGE, length: MINUTE, capturedAt: OPEN + 11 * MINUTE };

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
      duplicates: 0,
      leftOut: [],
      answered: RANGE,
    });
  });

  it('should give the same candle for times in microseconds', () => {
    const micros = row(0, { 0: OPEN, 6: OPEN + MINUTE - 1 });
    expect(mapKlines([micros], PAGE)).toEqual(mapKlines([row(0)], PAGE));
  });

  it('should cut an open time to the millisecond, as the line of its candle does', () => {
    expect(mapKlines([row(0, { 0: OPEN + 7 })], PAGE)).toEqual(mapKlines([row(0)], PAGE));
  });

  it('should keep an open time off the full minute, and a quiet minute', () => {
    const page = mapKlines([row(0, { 0: OPEN_MS + 1_234 }), row(1, { 8: 0, 5: '0.00000000' })], PAGE);
    expect(page.leftOut).toEqual([]);
    expect(page.rows.map(({ openTime, tradeCount }) => [openTime, tradeCount])).toEqual([
      [OPEN + 1_234_000, 308],
      [OPEN + MINUTE, 0],
    ]);
  });

  it('should take columns of tomorrow and an empty page', () => {
    expect(mapKlines([[...row(0), 'new', null]], PAGE).rows).toHaveLength(1);
    expect(mapKlines([], PAGE)).toEqual({ rows: [], duplicates: 0, leftOut: [], answered: RANGE });
  });

  it('should take a row once that is there twice', () => {
    const page = mapKlines([row(0), row(0), row(1), row(1, { 1: '0.0163479' })], PAGE);
    expect(page.rows).toHaveLength(2);
    expect([page.duplicates, page.leftOut]).toEqual([2, []]);
  });

  const AMOUNT =
    'not an unsigned decimal as text, with at most 24 digits before and 8 behind the point and no leading zero';

  it.each<[string, readonly unknown[], string]>([
    [
      'a close one millisecond before the open',
      row(1, { 6: OPEN_MS + 60_000 - 1 }),
      'close time is 1768478459999, not within 60 s',
    ],
    ['a close after the minute', row(1, { 6: OPEN_MS + 120_000 }), 'close time is 1768478520000, not within 60 s'],
    ['a volume with an exponent', row(1, { 5: '1E+2' }), `volume is "1E+2", ${AMOUNT}`],
    ['a price with a small exponent', row(1, { 2: '1e-7' }), `high is "1e-7", ${AMOUNT}`],
    ['a trade count of null', row(1, { 8: null }), 'trade count is null, not a whole number from 0'],
    ['a trade count as text', row(1, { 8: '308' }), 'trade count is "308", not a whole number from 0'],
    ['a trade count below zero', row(1, { 8: -1 }), 'trade count is -1, not a whole number from 0'],
    ['a price of 40 digits', row(1, { 1: '1'.repeat(40) }), `open is "${'1'.repeat(40)}", ${AMOUNT}`],
    ['25 digits before the point', row(1, { 4: `${'9'.repeat(25)}.1` }), 'close is "9'],
    ['20 decimals', row(1, { 3: `0.${'1'.repeat(20)}` }), `low is "0.${'1'.repeat(20)}", ${AMOUNT}`],
    ['nine decimals', row(1, { 9: '0.123456789' }), `taker buy volume is "0.123456789", ${AMOUNT}`],
    ['a leading zero', row(1, { 1: '007.5' }), `open is "007.5", ${AMOUNT}`],
    ['a negative volume', row(1, { 5: '-1' }), `volume is "-1", ${AMOUNT}`],
    ['a plus', row(1, { 7: '+1' }), `quote volume is "+1", ${AMOUNT}`],
    ['a price as a number', row(1, { 1: 0.0163479 }), `open is 0.0163479, ${AMOUNT}`],
    ['a price that is not there', row(1, { 1: undefined }), `open is absent, ${AMOUNT}`],
    ['eleven columns', row(1).slice(0, 11), 'number of columns is 11, not the 12 of a kline'],
  ])('should leave out the minute of a row with %s, and keep the rows around it', (_what, bad, fault) => {
    const { rows, leftOut, answered } = mapKlines([row(0), bad, row(2)], PAGE);
    expect(rows.map(({ openTime }) => openTime)).toEqual([OPEN, OPEN + 2 * MINUTE]);
    expect(leftOut).toEqual([
      {
        start: OPEN + MINUTE,
        end: OPEN + 2 * MINUTE,
        reason: 'broken',
        detail: expect.stringContaining(`the row of 2026-01-15T12:01:00Z: ${fault}`) as string,
      },
    ]);
    expect(answered).toEqual(RANGE);
  });

  it.each<[string, unknown, string]>([
    ['a row that is no list', null, 'it is null, not a list of columns'],
    ['an open time as text', row(1, { 0: String(OPEN_MS + 60_000) }), 'open time is "1768478460000", not a time'],
    ['a fractional open time', row(1, { 0: OPEN_MS + 60_000.5 }), 'open time is 1768478460000.5, not a time'],
    [
      'a minute of another year',
      row(1, { 0: OPEN_MS - 366 * 86_400_000 }),
      'open time is "2025-01-14T12:00:00.000Z", not within',
    ],
  ])('should leave out the minute between the neighbours of %s', (_what, bad, fault) => {
    const { rows, leftOut } = mapKlines([row(0), bad, row(2), row(3)], PAGE);
    expect(rows).toHaveLength(3);
    expect(leftOut).toMatchObject([{ start: OPEN + MINUTE, end: OPEN + 2 * MINUTE, reason: 'broken' }]);
    expect(leftOut[0]?.detail).toContain(`the row after that of 2026-01-15T12:00:00Z: ${fault}`);
  });

  it('should name a row of no known time, of which no minute is missing', () => {
    expect(mapKlines([row(0), null, row(1)], PAGE)).toMatchObject({
      rows: [{ openTime: OPEN }, { openTime: OPEN + MINUTE }],
      leftOut: [{ start: OPEN + MINUTE, end: OPEN + MINUTE }],
    });
  });

  it('should take as many minutes for left out as there are rows of no known time at the end, and all before the first', () => {
    expect(mapKlines([row(0), null, 'x'], PAGE).leftOut).toMatchObject([
      { start: OPEN + MINUTE, end: OPEN + 3 * MINUTE },
      { start: OPEN + MINUTE, end: OPEN + MINUTE },
    ]);
    expect(mapKlines([null, row(4)], PAGE).leftOut).toMatchObject([
      { start: OPEN, end: OPEN + 4 * MINUTE, detail: 'a row before all others: it is null, not a list of columns' },
    ]);
  });

  it.each<[string, readonly unknown[][], string]>([
    ['two sets of numbers', [row(1), row(1, { 4: '0.01577101' })], 'close 0.01577100 and 0.01577101'],
    ['two sets of numbers, apart', [row(1), row(3), row(1, { 8: 309 })], 'trade count 308 and 309'],
    [
      'two close times',
      [row(1), row(1, { 6: OPEN_MS + 60_001 })],
      'close time 2026-01-15T12:01:59.999Z and 2026-01-15T12:01:00.001Z',
    ],
    [
      'two open times',
      [row(1), row(1, { 0: OPEN_MS + 60_001 })],
      'open time 2026-01-15T12:01:00.000Z and 2026-01-15T12:01:00.001Z',
    ],
    ['a row that can be read and one that cannot', [row(1), row(1, { 5: 'x' })], 'volume is "x"'],
  ])('should leave out a minute with %s: nothing tells which of the two is right', (_what, both, difference) => {
    const { rows, leftOut } = mapKlines([row(0), ...both, row(4)], PAGE);
    expect(rows.filter(({ openTime }) => openTime === OPEN + MINUTE)).toEqual([]);
    expect(rows.at(-1)?.openTime).toBe(OPEN + 4 * MINUTE);
    expect(leftOut).toMatchObject([{ start: OPEN + MINUTE, end: OPEN + 2 * MINUTE, reason: 'conflicting' }]);
    expect(leftOut[0]?.detail).toContain(`the row of 2026-01-15T12:01:00Z: it is there twice, with ${difference}`);
  });

  it('should put rows in the wrong order into the right one', () => {
    const { rows, leftOut } = mapKlines([row(2), row(0), row(1)], PAGE);
    expect(rows.map(({ openTime }) => (openTime - OPEN) / MINUTE)).toEqual([0, 1, 2]);
    expect(leftOut).toEqual([]);
  });

  it('should speak for a full page up to its last row, be that row accepted or not', () => {
    const page = { ...PAGE, range: { start: OPEN, end: OPEN + 5_000 * MINUTE } };
    const full = Array.from({ length: 1_000 }, (_, minute) => row(minute, minute >= 998 ? { 8: null } : {}));
    expect(mapKlines(full, page).answered).toEqual({ start: OPEN, end: OPEN + 1_000 * MINUTE });
    expect(mapKlines(full.slice(1), page).answered).toEqual(page.range);
    const repeated = [...full.slice(0, 500), ...full.slice(0, 500)];
    expect(mapKlines(repeated, page).answered).toEqual({ start: OPEN, end: OPEN + 500 * MINUTE });
  });

  it('should judge rows of days by the length of a day', () => {
    const day = { ...PAGE, length: DAY, range: { start: OPEN - 12 * HOUR, end: OPEN + 2 * DAY } };
    const midnight = OPEN_MS - 12 * 3_600_000;
    const columns = { 0: midnight, 6: midnight + 86_400_000 - 1 };
    expect(mapKlines([row(0, columns)], day).rows).toHaveLength(1);
    expect(mapKlines([row(0, { ...columns, 6: midnight + 86_400_000 })], day).leftOut).toMatchObject([
      { start: day.range.start, end: day.range.start + DAY, reason: 'broken' },
    ]);
  });

  it('should judge the rows of a page that is longer than it was asked to be', () => {
    const page = { ...PAGE, range: { start: OPEN, end: OPEN + 5_000 * MINUTE } };
    const rows = Array.from({ length: 1_000 }, (_, minute) => row(minute));
    const twice = mapKlines([...rows.slice(0, 7), row(6, { 5: '1' }), ...rows.slice(7)], page);
    expect(twice.rows).toHaveLength(999);
    expect(twice.leftOut).toMatchObject([{ start: OPEN + 6 * MINUTE, reason: 'conflicting' }]);
    expect(twice.answered).toEqual({ start: OPEN, end: OPEN + 1_000 * MINUTE });
  });

  it.each([[{ rows: [] }], [null], ['klines']])('should refuse %j as a page', (body) => {
    expect(() => mapKlines(body, PAGE)).toThrow(
      expect.objectContaining({ code: 'EXCHANGE.MALFORMED_ANSWER' }) as Error,
    );
  });
});

describe('mapFirstOpenTime', () => {
  it.each([
    ['whole', row(0), OPEN],
    ['whose other columns cannot be read', row(0, { 5: '1E+2', 8: null }), OPEN],
    ['that is shorter than it should be', [OPEN_MS], OPEN],
  ])('should say when a row opens that is %s', (_what, first, openTime) => {
    expect(mapFirstOpenTime([first])).toBe(openTime);
  });

  it('should know of no candle where there is none', () => {
    expect(mapFirstOpenTime([])).toBeUndefined();
  });

  it.each([[{}], [[null]], [[[null]]], [[['1768478400000']]]])('should refuse %j, naming the open time', (body) => {
    expect(() => mapFirstOpenTime(body)).toThrow(/klines/);
  });
});
