import type { FastifyReply } from 'fastify';
import type { TimeKey } from '@app/domain';
import { TEXT } from './list-fields';
import type { ListQuestion } from './list-question';
import type { ListSource } from './list-source';
import { beginOf, nextAfter, pagesOf } from './list-walk';

/** One that goes to no socket: there is room for all. */
const REPLY = { raw: undefined } as unknown as FastifyReply;

const QUESTION: ListQuestion = {
  format: 'csv',
  order: 'asc',
  limit: 12_000,
  isLast: false,
  range: {},
  asOf: undefined,
  cursor: undefined,
  times: {},
  isFixed: true,
  endsInPast: false,
  columns: undefined,
  text: { separator: ',', decimal: '.', hasByteOrderMark: false },
};

/** A list with a row at each time from 0 on. */
class Rows {
  reads = 0;
  /** Most rows that were asked for at once. */
  most = 0;

  constructor(private readonly count: number) {}

  source(most?: ListSource<TimeKey>['most']): ListSource<TimeKey> {
    const row = (time: number): TimeKey => ({ time, symbol: 'BTCUSDT' });
    return {
      scope: 'test',
      fields: { time: TEXT },
      keyOf: (key) => key,
      toItem: (key) => key,
      forwards: (limit, after) => {
        this.note(limit);
        const from = after ? after.time + 1 : 0;
        return Promise.resolve(Array.from({ length: Math.min(limit, this.count - from) }, (_, at) => row(from + at)));
      },
      backwards: (limit, behind) => {
        this.note(limit);
        const from = behind ? behind.time - 1 : this.count - 1;
        return Promise.resolve(Array.from({ length: Math.min(limit, from + 1) }, (_, at) => row(from - at)));
      },
      ...(most ? { most } : {}),
    };
  }

  private note(limit: number): void {
    this.reads += 1;
    this.most = Math.max(this.most, limit);
  }
}

const FIRST: TimeKey = { time: 0, symbol: 'BTCUSDT' };
const span = (start: number, end = Infinity): number => end - start;

describe('whether a list is cut', () => {
  it('should be known without a look where its range has no room for more rows', async () => {
    const rows = new Rows(12_000);
    const question = { ...QUESTION, range: { end: 12_000 } };
    expect(await nextAfter(REPLY, rows.source(span), question, undefined, FIRST)).toBeUndefined();
    expect(rows.reads).toBe(0);
  });

  it('should be known by one look at the other end of a list that is read backwards', async () => {
    const rows = new Rows(12_000);
    const newest = { time: 11_999, symbol: 'BTCUSDT' };
    const next = await nextAfter(REPLY, rows.source(span), { ...QUESTION, order: 'desc' }, undefined, newest);
    expect([next, rows.reads]).toEqual([undefined, 1]);
  });

  it.each([
    ['a range with room for more rows', span, { end: 12_001 }],
    ['a range without an end', span, {}],
    ['a list of which no range tells', undefined, { end: 12_000 }],
  ])('should be found by walking, 5,000 rows at a time, in %s', async (_what, most, range) => {
    for (const [count, next, reads] of [
      [11_999, undefined, 3],
      [12_000, undefined, 4],
      [12_001, 11_999, 4],
    ] as const) {
      const rows = new Rows(count);
      const found = await nextAfter(REPLY, rows.source(most), { ...QUESTION, range }, undefined, FIRST);
      expect([count, found?.time, rows.reads]).toEqual([count, next, reads]);
    }
  });
});

describe('the begin of a list', () => {
  it.each([
    ['asc', false],
    ['desc', false],
    ['asc', true],
    ['desc', true],
  ] as const)('should be all of it as long as that is a page: order %s, last %s', async (order, isLast) => {
    const question = { ...QUESTION, order, isLast };
    const short = await beginOf(question, new Rows(5_000).source(), undefined);
    const times = 'whole' in short ? short.whole.rows.map(({ time }) => time) : [];
    const expected = Array.from({ length: 5_000 }, (_, index) => index);
    expect(times).toEqual(order === 'asc' ? expected : expected.reverse());
    const rows = new Rows(200_000);
    const long = await beginOf(question, rows.source(), undefined);
    // All that HEAD reads: whether it is a page or more is not known before.
    expect([rows.reads, rows.most]).toEqual([1, 5_001]);
    expect('first' in long ? long.first.time : undefined).toBe(order === 'asc' && !isLast ? 0 : 199_999);
  });
});

describe('the pages of a list', () => {
  it.each(['asc', 'desc'] as const)('should have each row once, and no more than the limit: %s', async (order) => {
    const times: number[] = [];
    const pages = pagesOf(REPLY, new Rows(20_000).source(), { ...QUESTION, order }, { after: undefined }, (rows) => {
      times.push(...rows.map(({ time }) => time));
      return new Uint8Array(0);
    });
    let count = 0;
    for await (const page of pages) count += 1 + page.length;
    const expected = Array.from({ length: 12_000 }, (_, index) => (order === 'asc' ? index : 19_999 - index));
    expect([count, times]).toEqual([12, expected]);
  });
});
