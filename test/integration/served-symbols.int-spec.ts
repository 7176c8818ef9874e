import { HOUR, MILLISECOND, SECOND } from '@app/domain';
import { buildMinute } from '@app/testing';
import { Recorder } from '../support/recorder';

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
});
