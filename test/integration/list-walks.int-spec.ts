import { DAY, MINUTE, SECOND, TICKER_SOURCE, serializePriceEvent, type EpochMicros } from '@app/domain';
import { buildMinute } from '@app/testing';
import type { ListPage } from '../support/http';
import { Recorder } from '../support/recorder';

const NOW: EpochMicros = Date.UTC(2026, 0, 15, 12) * 1_000;

type Item = Readonly<Record<string, unknown>>;

/** Lists that are walked through while time passes and more is stored. */
describe('walks through lists', () => {
  const recorder = new Recorder(NOW, 'BTCUSDT,ETHUSDT');

  beforeAll(async () => {
    await recorder.open();
    for (let minute = -60; minute < 0; minute += 1) await takeMinute(NOW + minute * MINUTE);
    // Coverage of several items, and metrics of several days.
    for (const day of [2, 3, 4, 5]) await takeMinute(NOW - day * DAY);
    await recorder.serve();
  });

  afterAll(() => recorder.dispose());

  async function takeMinute(time: EpochMicros): Promise<void> {
    for (const symbol of ['BTCUSDT', 'ETHUSDT']) {
      await recorder.take([buildMinute(symbol, time)]);
      const numbers = { lastPrice: '1.00', priceChangePercent: '0.100', volume: '7.0' };
      const value = serializePriceEvent({ timestamp: time, symbol, ...numbers, source: TICKER_SOURCE });
      const events = [{ kind: 'price' as const, symbol, capturedAt: time, value }];
      await recorder.store.sink.take({ origin: Recorder.ORIGIN, events });
    }
  }

  async function page(url: string): Promise<ListPage<Item>> {
    const { statusCode, body } = await recorder.ask(url);
    expect([url, statusCode, statusCode === 200 ? '' : body]).toEqual([url, 200, '']);
    return JSON.parse(body) as ListPage<Item>;
  }

  /** All items, page after page; a minute and some seconds pass between two. `next` is the address of the page that follows. */
  async function walk(first: string, next: (page: ListPage<Item>) => string): Promise<Item[]> {
    const items: Item[] = [];
    for (let url: string | null = first; url !== null;) {
      const found: ListPage<Item> = await page(url);
      items.push(...found.data);
      url = found.next_cursor === null ? null : next(found);
      recorder.clock.advance(MINUTE + 7 * SECOND);
    }
    return items;
  }

  const LISTS = [
    '/candles?start=-30m',
    '/candles?start=-30m&end=now',
    '/candles?symbol=BTCUSDT&start=-1w&end=-5m&as_of=now&order=desc',
    '/candles?start=2026-01-15T11:40:00Z&as_of=-1m',
    '/trades/range?start=-30m&end=now',
    '/trades/range?symbols=ETHUSDT&start=today&end=now&order=desc',
    '/coverage?start=-7d&end=-5m',
    '/coverage?end=-5m&order=desc',
    '/daily-metrics?start=-7d&end=now&columns=date,symbol,close',
    '/symbols?columns=symbol,first_date',
    '/trades/latest?symbol=BTCUSDT',
  ] as const;

  it.each(LISTS)('should go on by next_cursor and the same parameters as by next_url: %s', async (list) => {
    const begin = recorder.clock.now();
    const at = `${list}&limit=${/^\/(?:daily|symbols)/.test(list) ? 1 : 7}`;
    const byAddress = await walk(at, (found) => found.next_url ?? '');
    recorder.clock.set(begin);
    const byCursor = await walk(at, (found) => `${at}&cursor=${found.next_cursor ?? ''}`);
    recorder.clock.set(begin);
    // In turns, as a program does that keeps the cursor of what it got by address.
    let turn = 0;
    const inTurns = await walk(at, (found) =>
      (turn += 1) % 2 === 0 ? (found.next_url ?? '') : `${at}&cursor=${found.next_cursor ?? ''}`,
    );
    recorder.clock.set(begin);
    const { data } = await page(`${list}&limit=5000`);
    expect(data.length).toBeGreaterThan(1);
    expect(turn).toBeGreaterThan(0);
    expect(byAddress).toEqual(data);
    expect(byCursor).toEqual(data);
    expect(inTurns).toEqual(data);
  });

  it('should tell pages of other origins where a stream goes on', async () => {
    const { headers } = await recorder.ask('/candles', 'GET', { origin: 'https://example.com' });
    expect(headers['x-feed-position']).toMatch(/^[\w-]+$/);
    expect(headers['access-control-expose-headers']).toContain('X-Feed-Position');
  });

  it('should refuse a cursor with other times than those of its first page', async () => {
    const { next_cursor: cursor } = await page('/candles?start=-30m&limit=7');
    for (const other of [
      'start=-31m',
      'start=-30m&end=now',
      'start=2026-01-15T11:31:00Z',
      'as_of=now&start=-30m',
      '',
    ]) {
      recorder.clock.advance(SECOND);
      const { statusCode, body } = await recorder.ask(`/candles?${other}&limit=7&cursor=${cursor ?? ''}`);
      expect([other, statusCode, body.includes('"field":"cursor"')]).toEqual([other, 400, true]);
    }
  });
});
