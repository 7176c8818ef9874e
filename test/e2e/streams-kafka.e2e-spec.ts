import { eventually } from '../support/app-process';
import { describeOwnKafka } from '../support/describe-kafka';
import { EventStream, type ReceivedEvent } from '../support/event-stream';
import { KafkaPipeline } from '../support/kafka-pipeline';

interface Item {
  readonly symbol: string;
}

/** The data of events by symbol, in their order. */
function bySymbol(items: readonly unknown[]): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const item of items) (found[(item as Item).symbol] ??= []).push(JSON.stringify(item));
  return found;
}

const dataOf = (events: readonly ReceivedEvent[]): unknown[] => events.map(({ data }) => data);

/** ingest-app, broker, consumer-app with three partitions, and api-app. */
describeOwnKafka('streams behind a broker', () => {
  const opened: EventStream[] = [];
  let pipeline: KafkaPipeline;

  beforeAll(async () => {
    pipeline = await KafkaPipeline.start();
  });

  afterAll(async () => {
    for (const stream of opened) stream.cut();
    await pipeline.close();
  });

  async function open(path: string): Promise<EventStream> {
    const stream = await EventStream.open(`${await pipeline.stack.urlOf('api-app')}${path}`);
    opened.push(stream);
    return stream;
  }

  it('should send the events of each symbol once and in order over a kill of the consumer, and resume behind any', async () => {
    await pipeline.launch('consumer-app');
    const api = await pipeline.stack.start('api-app');
    await api.answers(`${await pipeline.stack.urlOf('api-app')}/readyz`);
    // Opened before the store has a feed of any partition.
    const [prices, candles] = [await open('/stream/prices'), await open('/stream/candles')];
    await pipeline.launch('ingest-app');
    await pipeline.morePolls(10);
    await pipeline.moreTaken();
    await pipeline.kill('consumer-app');
    await pipeline.morePolls(10);
    await pipeline.launch('consumer-app');
    await pipeline.moreTaken();
    await pipeline.morePolls(5);
    expect(new Set(await pipeline.finishIngest())).toEqual(new Set([0]));
    await pipeline.everythingTaken();

    const books = pipeline.books();
    let lines: readonly string[];
    try {
      lines = books.priceLines;
    } finally {
      books.close();
    }
    const wanted = bySymbol(lines.map((line) => JSON.parse(line) as unknown));
    expect(Object.keys(wanted)).toHaveLength(6);
    const received = (stream: EventStream, count: number): Promise<true> =>
      eventually(`${count} events are received`, () =>
        Promise.resolve(stream.events.length >= count ? true : undefined),
      );
    await received(prices, lines.length);
    expect(bySymbol(dataOf(prices.events))).toEqual(wanted);

    for (const index of [0, 1, Math.floor(lines.length / 2), lines.length - 2]) {
      const id = prices.events[index]?.id ?? '';
      const again = await open(`/stream/prices?last_event_id=${id}`);
      const rest = dataOf(prices.events.slice(index + 1));
      await received(again, rest.length);
      expect(bySymbol(dataOf(again.events))).toEqual(bySymbol(rest));
      again.cut();
    }

    const versions = candles.events
      .filter(({ event }) => event === 'candle')
      .map(({ data }) => data as Item & { readonly open_time: string; readonly revision: number })
      .map(({ symbol, open_time: time, revision }) => `${symbol} ${time} ${revision}`);
    expect(versions.length).toBeGreaterThan(6);
    expect(new Set(versions).size).toBe(versions.length);
    expect(await api.stop()).toBe(0);
    expect(prices.isWhole && candles.isWhole).toBe(true);
  });
});
