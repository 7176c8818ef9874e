import { eventually } from '../support/app-process';
import { CaptureLoad } from '../support/capture-load';
import { EventStream } from '../support/event-stream';
import { LockHolder } from '../support/lock-holder';

interface CandleItem {
  readonly symbol: string;
  readonly open_time: string;
  readonly revision: number;
}

/** No date changes: the lines of bronze are in the order of commits within a day. */
const START = Date.parse('2026-11-20T06:00:00Z');

/** api-app beside a process that captures: what cannot be stored for a while waits in the spool, over a kill too. */
describe('late events on streams', () => {
  const load = new CaptureLoad('ingest-app');
  const opened: EventStream[] = [];
  let holder: LockHolder | undefined;

  afterAll(async () => {
    for (const stream of opened) stream.cut();
    await holder?.kill();
    await load.close();
  });

  async function open(path: string): Promise<EventStream> {
    const stream = await EventStream.open(`${await load.stack.urlOf('api-app')}${path}`);
    opened.push(stream);
    return stream;
  }

  it('should come one by one in their order when the spool is handed on', async () => {
    await load.startExchange(START);
    let app = await load.start();
    await load.ready(true);
    await load.morePolls(3);
    await load.stack.start('api-app');
    const [prices, candles] = [await open('/stream/prices'), await open('/stream/candles')];
    await eventually('events are received', () =>
      Promise.resolve(prices.events.length > 6 && candles.events.length > 6 ? true : undefined),
    );

    holder = await LockHolder.start(load.stack.databasePath, 'BEGIN IMMEDIATE');
    await load.ready(false, 'events wait in the spool');
    const stored = prices.events.length;
    await load.morePolls(20);
    expect(prices.events.length).toBe(stored);
    app.signal('SIGKILL');
    await app.exited();
    await holder.kill();
    app = await load.start();
    await load.ready(true);
    await load.morePolls(3);
    expect(new Set(await load.finish(app))).toEqual(new Set([0]));

    const books = load.books();
    try {
      const lines = books.priceLines;
      const first = lines.indexOf(JSON.stringify(prices.events[0]?.data));
      await eventually('all prices are received', () =>
        Promise.resolve(prices.events.length >= lines.length - first ? true : undefined),
      );
      expect(prices.events.map(({ data }) => JSON.stringify(data))).toEqual(lines.slice(first));
      expect(prices.events.length - stored).toBeGreaterThan(20 * 6);

      // Minutes that were captured late, or fetched as the process came again, are candles too, and no history.
      const items = candles.events.filter(({ event }) => event === 'candle').map(({ data }) => data as CandleItem);
      const keys = items.map(({ symbol, open_time: time, revision }) => `${symbol} ${time} ${revision}`);
      expect(new Set(keys).size).toBe(keys.length);
      for (const symbol of ['BTCUSDT', '币安人生USDT']) {
        const times = books.minutes(symbol).map(({ openTime }) => openTime);
        const begin = Date.parse(items.find((item) => item.symbol === symbol)?.open_time ?? '');
        const wanted = times.filter((time) => time >= begin);
        const sent = (): number[] => [
          ...new Set(
            candles.events.flatMap(({ event, data }) => {
              const item = data as CandleItem;
              return event === 'candle' && item.symbol === symbol ? [Date.parse(item.open_time)] : [];
            }),
          ),
        ];
        await eventually(`all candles of ${symbol} are received`, () =>
          Promise.resolve(sent().length >= wanted.length ? true : undefined),
        );
        expect(sent()).toEqual(wanted);
      }
    } finally {
      books.close();
    }
  });
});
