import { eventually } from '../support/app-process';
import { describeOwnKafka } from '../support/describe-kafka';
import { getAll, getCsv, getJson, getText } from '../support/http';
import { KafkaBroker } from '../support/kafka-broker';
import { Stack } from '../support/stack';

const MINUTE_MS = 60_000;
/** Beyond the well-known ones, with `A.B_100-USDT` and `币101USDT` among them. */
const SIMULATOR = ['--symbols', '110', '--clock-factor', '60'];
const SETTINGS = {
  SYMBOLS: 'ETHBTC,*USDT,!BTCUSDT,!COIN*',
  CLOCK: 'simulator',
  BACKFILL_DAYS: '0',
  POLL_INTERVAL_SECONDS: '60',
};
const UNUSUAL = ['A.B_100-USDT', '币101USDT'];
const GONE = 'LTCUSDT';

interface ListedSymbol {
  readonly symbol: string;
  readonly status: string;
}

interface Candle {
  readonly symbol: string;
  readonly open_time: string;
}

/** What is expected of a whole market, whichever way events take. */
class MarketFollowed {
  constructor(
    private readonly stack: Stack,
    private readonly url: string,
  ) {}

  /** By the rules of SYMBOLS, from what the exchange lists. */
  async expectedSymbols(): Promise<string[]> {
    const { symbols } = await getJson<{ symbols: ListedSymbol[] }>(`${this.stack.exchangeUrl}/api/v3/exchangeInfo`);
    return symbols
      .filter(({ status }) => status === 'TRADING')
      .map(({ symbol }) => symbol)
      .filter((symbol) => symbol === 'ETHBTC' || (/USDT$/.test(symbol) && !/^(BTCUSDT$|COIN)/.test(symbol)))
      .sort();
  }

  symbols(): Promise<ListedSymbol[]> {
    return getAll<ListedSymbol>(this.url, '/symbols?limit=5000');
  }

  async isCaptured(): Promise<true | undefined> {
    const expected = await this.expectedSymbols();
    const prices = (await getCsv(`${this.url}/bi/latest_prices.csv`)).map(({ symbol }) => String(symbol)).sort();
    return expected.length > 40 && JSON.stringify(prices) === JSON.stringify(expected) ? true : undefined;
  }

  async statusOf(symbol: string): Promise<string | undefined> {
    return (await this.symbols()).find((one) => one.symbol === symbol)?.status;
  }

  candles(symbol: string): Promise<Candle[]> {
    return getAll<Candle>(this.url, `/candles?symbol=${encodeURIComponent(symbol)}&interval=1m&limit=5000`);
  }

  /** Lists NEWUSDT some minutes from now and takes another off the list; returns the first minute of the former. */
  async change(): Promise<number> {
    const now = await this.stack.marketTime();
    const start = now - (now % MINUTE_MS) + 5 * MINUTE_MS;
    await this.stack.setFaults([
      { kind: 'list', base_asset: 'NEW', quote_asset: 'USDT', start },
      { kind: 'delist', symbol: GONE, start },
    ]);
    return start;
  }

  async expectFollowed(): Promise<void> {
    await eventually('all symbols that trade are captured', () => this.isCaptured());
    for (const symbol of UNUSUAL) {
      await eventually(`minutes of ${symbol} are there`, async () =>
        (await this.candles(symbol)).length > 0 ? true : undefined,
      );
      expect(await getText(`${this.url}/trades/latest?format=csv&symbol=${encodeURIComponent(symbol)}`)).toContain(
        symbol,
      );
    }
    const listedAt = await this.change();
    await eventually('the new symbol is captured', async () => {
      const first = (await this.candles('NEWUSDT').catch(() => []))[0];
      return first && Date.parse(first.open_time) === listedAt ? true : undefined;
    });
    await eventually('its price is polled', async () => {
      const rows = await getCsv(`${this.url}/bi/latest_prices.csv?symbol=NEWUSDT`);
      return rows.length === 1 ? true : undefined;
    });
    await eventually('the other is known to be off the list', async () =>
      (await this.statusOf(GONE)) === 'DELISTED' ? true : undefined,
    );
    expect((await this.candles(GONE)).length).toBeGreaterThan(0);
  }
}

describe('a whole market, direct', () => {
  const stack = new Stack(SETTINGS);

  beforeAll(async () => {
    await stack.startSimulator(SIMULATOR);
    await stack.start('standalone-app');
  });

  afterAll(() => stack.close());

  it('should be followed as listings change, without a restart', async () => {
    const url = await stack.urlOf('standalone-app');
    await new MarketFollowed(stack, url).expectFollowed();
  });

  it('should be told in tables and files under its symbols, whatever signs they have', async () => {
    const url = await stack.urlOf('standalone-app');
    const [symbol = ''] = UNUSUAL;
    const answer = await fetch(`${url}/bi/latest_prices.csv?symbol=${symbol.toLowerCase()}`);
    expect(answer.headers.get('content-disposition')).toBe(`inline; filename="latest_prices_${symbol}.csv"`);
    const wide = await getText(
      `${url}/bi/hourly_ohlcv.csv?days=1&wide=close&symbols=${UNUSUAL.map(encodeURIComponent).join()}`,
    );
    expect(wide.split('\r\n', 1)[0]).toBe(`open_time,${UNUSUAL.join()}`);
  });

  it('should push the prices of a symbol with signs', async () => {
    const url = await stack.urlOf('standalone-app');
    const [symbol = ''] = UNUSUAL;
    const reader = (await fetch(`${url}/stream/prices?symbols=${symbol}`)).body?.getReader();
    let text = '';
    while (!text.includes(`"symbol":"${symbol}"`)) {
      text += Buffer.from((await reader?.read())?.value ?? []).toString('utf8');
    }
    await reader?.cancel();
  });
});

describeOwnKafka('a whole market, with a broker', () => {
  let broker: KafkaBroker;
  let stack: Stack;

  beforeAll(async () => {
    broker = await KafkaBroker.start();
    stack = new Stack({ ...SETTINGS, BROKER_MODE: 'kafka', KAFKA_BOOTSTRAP_SERVERS: broker.bootstrap });
    await stack.startSimulator(SIMULATOR);
    await stack.start('ingest-app');
    await stack.start('consumer-app');
    await stack.start('api-app');
  });

  afterAll(async () => {
    await stack.close();
    await broker.close();
  });

  it('should be followed by both halves, by their symbols as keys', async () => {
    await new MarketFollowed(stack, await stack.urlOf('api-app')).expectFollowed();
  });
});
