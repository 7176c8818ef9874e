import { CandlesQuery, DailyTableQuery, LatestTradesQuery, TradeRangeQuery } from '@app/domain';
import type { Type } from '@nestjs/common';
import { ProblemError } from './problem.error';
import { QueryValidationPipe } from './query-validation.pipe';

describe('QueryValidationPipe', () => {
  const pipe = new QueryValidationPipe();

  const check = (metatype: Type, query: object): Promise<unknown> => pipe.transform(query, { type: 'query', metatype });

  async function refusal(metatype: Type, query: object): Promise<ProblemError['problem']> {
    const outcome = await check(metatype, query).catch((error: unknown) => error);
    if (outcome instanceof ProblemError) return outcome.problem;
    throw new Error(`not refused: ${JSON.stringify(outcome)}`);
  }

  it('should give typed values and defaults', async () => {
    expect(await check(LatestTradesQuery, { symbols: 'btcusdt,ETHUSDT,btcusdt', limit: '7' })).toEqual({
      symbols: ['BTCUSDT', 'ETHUSDT'],
      limit: 7,
    });
    expect(await check(CandlesQuery, {})).toMatchObject({ interval: '1m' });
  });

  it('should make equal questions once, and let nobody change the answer', async () => {
    const first = await check(DailyTableQuery, { days: '30' });
    expect(await check(DailyTableQuery, { days: '30' })).toBe(first);
    expect(Object.isFrozen(first)).toBe(true);
    expect(await check(DailyTableQuery, { days: '31' })).toMatchObject({ days: 31 });
  });

  it('should tell the questions of different routes apart', async () => {
    const latest = await check(LatestTradesQuery, { symbol: 'BTCUSDT' });
    const candles = await check(CandlesQuery, { symbol: 'BTCUSDT' });
    expect([latest, candles]).toEqual([{ symbol: ['BTCUSDT'] }, { symbol: ['BTCUSDT'], interval: '1m' }]);
  });

  it.each(['0', '-1', 'abc', '1e9', '1.5', '1000001', '', ['1', '2']])(
    'should refuse limit=%j by name, value and range',
    async (limit) => {
      const { status, code, errors } = await refusal(LatestTradesQuery, { limit });
      expect({ status, code }).toEqual({ status: 400, code: 'REQUEST.INVALID_PARAMETER' });
      expect(errors).toEqual([
        expect.objectContaining({ field: 'limit', allowed: expect.stringContaining('from 1 to 5000') as string }),
      ]);
    },
  );

  it('should say why ten digits are refused', async () => {
    for (const query of [TradeRangeQuery, DailyTableQuery]) {
      const { detail } = await refusal(query, { start: '1700000000', end: '2026-01-15' });
      expect(detail).toMatch(/epoch seconds.*write 1700000000000$/);
    }
  });

  it('should say which years there are', async () => {
    for (const query of [TradeRangeQuery, DailyTableQuery]) {
      for (const start of ['1969-12-31', '2200-01-01']) {
        expect((await refusal(query, { start, end: '2026-01-15' })).detail).toContain('years 1970 to 2199');
      }
      const { detail } = await refusal(query, { start: '2026-02-30', end: '2026-04-01' });
      expect(detail).not.toContain('years');
    }
  });

  it('should never repeat more than a part of a value', async () => {
    const { errors } = await refusal(LatestTradesQuery, { symbol: '='.repeat(10_000) });
    expect(errors?.[0]?.value).toBe('='.repeat(100));
  });

  it('should refuse unknown parameters, listing the known ones, but ignore them for tables', async () => {
    const { errors } = await refusal(LatestTradesQuery, { symbl: 'BTCUSDT' });
    expect(errors).toEqual([
      { field: 'symbl', value: 'BTCUSDT', allowed: expect.stringContaining('symbol, symbols') as string },
    ]);
    expect(await check(DailyTableQuery, { days: '30', _: '123', constructor: 'x' })).toEqual({ days: 30 });
  });

  it('should leave alone what is no query', async () => {
    const body = { anything: 1 };
    expect(await pipe.transform(body, { type: 'body', metatype: Object })).toBe(body);
  });
});
