import { HOUR, MILLISECOND, SECOND, TICKER_SOURCE, serializePriceEvent } from '@app/domain';
import { buildMinute } from '@app/testing';
import { eventually } from '../support/app-process';
import type { ListPage } from '../support/http';
import { Recorder } from '../support/recorder';

type Page = ListPage<{ readonly symbol: string }>;

const START = Date.UTC(2026, 0, 10) * MILLISECOND;

/** What is served of a market that `SYMBOLS` has patterns for, on a real store. */
describe('symbols that patterns fit', () => {
  const recorder = new Recorder(START, 'ETHBTC,*USDT,!XRP*');
  const info = (symbol: string) => ({ symbol, baseAsset: 'BASE', quoteAsset: 'USDT', status: 'TRADING' });

  beforeAll(async () => {
    await recorder.open();
    for (const symbol of ['BTCUSDT', 'A.B_C-USDT', 'XRPUSDT', 'BTCEUR']) {
      await recorder.take([buildMinute(symbol, START - HOUR)]);
      await recorder.store.history.saveSymbols([info(symbol)], Recorder.ORIGIN);
    }
    await recorder.serve();
  });

  afterAll(() => recorder.dispose());

  const served = async (): Promise<Record<string, string>> => {
    const { data } = (await recorder.ask('/symbols')).json<{ data: { symbol: string; status: string }[] }>();
    return Object.fromEntries(data.map(({ symbol, status }) => [symbol, status]));
  };

  it('should be those of a question that names none, beside the named ones', async () => {
    expect(await served()).toEqual({ 'A.B_C-USDT': 'TRADING', BTCUSDT: 'TRADING', ETHBTC: 'UNKNOWN' });
    const table = (await recorder.ask('/bi/symbols.csv')).body.split('\r\n').slice(1, -1);
    expect(table.map((line) => line.split(',')[0])).toEqual(['A.B_C-USDT', 'BTCUSDT', 'ETHBTC']);
  });

  it('should not keep others that are stored from being asked for by name', async () => {
    expect((await recorder.ask('/candles?symbol=XRPUSDT')).statusCode).toBe(200);
    const { statusCode, body } = await recorder.ask('/candles?symbol=NOPEUSDT');
    expect(statusCode).toBe(404);
    expect(body).toContain('a symbol that is captured or stored: ETHBTC, A.B_C-USDT, BTCUSDT (all in /symbols)');
  });

  it('should go on being served when the exchange has delisted them, and until it lists them again', async () => {
    const { history } = recorder.store;
    await history.saveDelisted(['BTCUSDT', 'NEVERUSDT']);
    expect(await served()).toMatchObject({ BTCUSDT: 'DELISTED' });
    expect(await history.knownSymbols()).toContainEqual({ symbol: 'BTCUSDT', status: 'DELISTED' });
    expect((await recorder.ask('/candles?symbol=BTCUSDT')).json<{ data: unknown[] }>().data).toHaveLength(1);
    await history.saveSymbols([info('BTCUSDT')], Recorder.ORIGIN);
    expect(await served()).toMatchObject({ BTCUSDT: 'TRADING' });
  });

  it('should have one that is new within seconds', async () => {
    await recorder.take([buildMinute('NEWUSDT', START - HOUR)]);
    const before = performance.now();
    while (!('NEWUSDT' in (await served()))) {
      expect(performance.now() - before).toBeLessThan(5_000);
      await new Promise((resolve) => setTimeout(resolve, 100));
      recorder.clock.advance(SECOND);
    }
  });

  /** Minutes and prices before and behind those that are there. */
  async function takeRows(symbol: string): Promise<void> {
    for (const time of [START - 2 * HOUR, START - HOUR / 2]) {
      await recorder.take([buildMinute(symbol, time)]);
      const numbers = { lastPrice: '1.00', priceChangePercent: '0.100', volume: '7.0' };
      const value = serializePriceEvent({ timestamp: time, symbol, ...numbers, source: TICKER_SOURCE });
      const events = [{ kind: 'price' as const, symbol, capturedAt: time, value }];
      await recorder.store.sink.take({ origin: Recorder.ORIGIN, events });
    }
  }

  it.each([
    ['/symbols', 'NEWAUSDT'],
    ['/symbols?order=desc', 'BNEWUSDT'],
    ['/candles', 'NEWBUSDT'],
    ['/candles?order=desc', 'BNEWAUSDT'],
    ['/coverage', 'NEWCUSDT'],
    ['/daily-metrics', 'NEWDUSDT'],
    ['/trades/range?start=2026-01-01&end=2026-02-01', 'NEWEUSDT'],
    ['/trades/latest?columns=symbol', 'BNEWBUSDT'],
  ])('should not break a walk that names none when one is new, and be served by it: %s', async (list, name) => {
    await takeRows('BTCUSDT');
    const first = (await recorder.ask(`${list}${list.includes('?') ? '&' : '?'}limit=1`)).json<Page>();
    await takeRows(name);
    await eventually('it is served', async () => (name in (await served()) ? true : undefined));
    const found = [...first.data];
    expect(first.next_url).not.toBeNull();
    for (let url = first.next_url; url !== null;) {
      const { statusCode, body } = await recorder.ask(url);
      expect([url, statusCode]).toEqual([url, 200]);
      const page = JSON.parse(body) as Page;
      found.push(...page.data);
      url = page.next_url;
    }
    expect(found.map(({ symbol }) => symbol)).toContain(name);
  });

  it('should go on with their list behind one that is not served any more', async () => {
    const { next_url: url } = (await recorder.ask('/symbols?limit=2')).json<Page>();
    const [, gone = '', next] = Object.keys(await served());
    recorder.change('DELETE FROM symbols WHERE symbol = ?', gone);
    await eventually('it is not served', async () => (gone in (await served()) ? undefined : true));
    const { data } = (await recorder.ask(url ?? '')).json<Page>();
    expect(data[0]?.symbol).toBe(next);
  });
});
