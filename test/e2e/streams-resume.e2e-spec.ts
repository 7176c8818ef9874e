import { positionFromText } from '@app/domain';
import { eventually, type AppProcess } from '../support/app-process';
import { runCli } from '../support/run-cli';
import { EventStream, type ReceivedEvent } from '../support/event-stream';
import { getAll } from '../support/http';
import { Stack, marketAt, type SimulatorHandle } from '../support/stack';
import { StoreBooks } from '../support/store-books';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** In each hour, the upkeep that removes changes after their time is over by then. */
const AFTER_UPKEEP_MS = 19 * 60_000;
const START = Date.parse('2026-11-20T12:00:00Z');

interface Gap {
  readonly since: string | null;
  readonly next_url: string;
}

/** Streams that are gone on with after days, and on another database than the one they began on. */
describe('resuming streams', () => {
  const opened: EventStream[] = [];
  let stack: Stack;
  let simulator: SimulatorHandle;
  let app: AppProcess;

  beforeEach(() => {
    stack = new Stack({
      SYMBOLS: 'BTCUSDT,ETHUSDT',
      CLOCK: 'simulator',
      POLL_INTERVAL_SECONDS: '15',
      CAPTURE: 'tickers',
      BACKFILL_DAYS: '1',
    });
  });

  afterEach(async () => {
    for (const stream of opened.splice(0)) stream.cut();
    await stack.close();
  });

  /** The market, its exchange started anew at a time. */
  async function marketIs(time: number): Promise<void> {
    const origin = marketAt(new Date(time));
    simulator = await stack.startSimulator(['--clock-origin', origin, '--clock-factor', '60']);
  }

  async function open(path: string, lastEventId?: string): Promise<EventStream> {
    const url = `${await stack.urlOf('api-app')}${path}`;
    const stream = await EventStream.open(url, lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId });
    opened.push(stream);
    return stream;
  }

  const received = (stream: EventStream, count: number): Promise<true> =>
    eventually(`${count} events are received`, () => Promise.resolve(stream.events.length >= count ? true : undefined));

  /** Lines of bronze, in the order in which they were stored: dates come one after the other. */
  function storedLines(): readonly string[] {
    const books = new StoreBooks(stack);
    try {
      return books.priceLines;
    } finally {
      books.close();
    }
  }

  const textOf = (events: readonly ReceivedEvent[]): string[] => events.map(({ data }) => JSON.stringify(data));

  /** Some events of a first day, and everything stopped. */
  async function firstDay(): Promise<ReceivedEvent[]> {
    await marketIs(START);
    app = await stack.start('standalone-app');
    await app.answers(`${await stack.urlOf('api-app')}/readyz`);
    const stream = await open('/stream/prices');
    await received(stream, 10);
    await app.stop();
    await simulator.process.stop();
    return stream.events;
  }

  it('should go on behind a position that is six days old, and tell of a gap behind one that is eight', async () => {
    const events = await firstDay();
    const known = events[4];
    await marketIs(START + 6 * DAY_MS);
    app = await stack.start('standalone-app');
    const again = await open('/stream/prices', known?.id);
    // The upkeep of an hour leaves what is six days old.
    const passed = Math.ceil(((await stack.marketTime()) - START) / HOUR_MS) * HOUR_MS + START + AFTER_UPKEEP_MS;
    await eventually('the market is past the upkeep', async () =>
      (await stack.marketTime()) > passed ? true : undefined,
    );
    const late = await open('/stream/prices', known?.id);
    await received(late, 20);
    await received(again, late.events.length);
    await app.stop();
    const lines = storedLines();
    const next = lines.indexOf(JSON.stringify(known?.data)) + 1;
    expect(next).toBeGreaterThan(0);
    for (const stream of [again, late]) {
      expect(textOf(stream.events)).toEqual(lines.slice(next, next + stream.events.length));
      expect(stream.events.every(({ event }) => event === 'price')).toBe(true);
      expect(textOf(stream.events.slice(0, 5))).toEqual(textOf(events.slice(5, 10)));
    }

    await simulator.process.stop();
    await marketIs(START + 8 * DAY_MS);
    app = await stack.start('standalone-app');
    const told = await eventually('what is eight days old has been removed', async () => {
      const stream = await open('/stream/prices', known?.id);
      await received(stream, 1);
      if (stream.events[0]?.event === 'gap') return stream;
      stream.cut();
      return undefined;
    });
    const { since, next_url: url } = told.events[0]?.data as Gap;
    const committedAt = positionFromText(events[4]?.id ?? '')?.committedAt ?? NaN;
    expect(Date.parse(since ?? '') * 1_000).toBeLessThanOrEqual(committedAt);
    // What the list gives has everything that the stream will not tell; it is asked for as it stands.
    expect(url).toMatch(/^\/trades\/range\?start=/);
    await received(told, 2);
    const listed = (await getAll(await stack.urlOf('api-app'), url)).map((item) => JSON.stringify(item));
    const sent = textOf(told.events.slice(1));
    const all = storedLines();
    const oldest = all.indexOf(sent[0] ?? '');
    expect(oldest).toBeGreaterThan(next);
    expect(listed).toEqual(expect.arrayContaining(all.slice(next, oldest)));
    expect(sent).toEqual(all.slice(oldest, oldest + sent.length));
    // Capture goes on while this is compared.
    expect(await app.stop()).toBe(0);
  });

  it('should tell of a gap behind a position of a database that was made anew, and go on from now', async () => {
    const known = (await firstDay()).at(-1);
    const [position, last] = [known?.id ?? '', JSON.stringify(known?.data)];
    await marketIs(START + HOUR_MS);
    const { code, output } = await runCli(stack, 'rebuild', '--accept-losses');
    expect([code, output]).toEqual([0, expect.any(String) as string]);
    app = await stack.start('standalone-app');
    await app.answers(`${await stack.urlOf('api-app')}/readyz`);
    const resumed = await open('/stream/prices', position);
    await received(resumed, 7);
    const [first, ...others] = resumed.events;
    const { since, next_url: url } = first?.data as Gap;
    const listed = (await getAll(await stack.urlOf('api-app'), url)).map((item) => JSON.stringify(item));
    expect(await app.stop()).toBe(0);
    const committedAt = positionFromText(position)?.committedAt ?? NaN;
    expect(first?.event).toBe('gap');
    expect(Math.abs(Date.parse(since ?? '') * 1_000 - committedAt)).toBeLessThan(1_000);
    expect(others.every(({ event }) => event === 'price')).toBe(true);
    const lines = storedLines();
    const sent = textOf(others);
    expect(listed).toEqual(expect.arrayContaining(lines.slice(lines.indexOf(last), lines.indexOf(sent[0] ?? ''))));
    expect(lines.slice(lines.indexOf(sent[0] ?? '')).slice(0, sent.length)).toEqual(sent);
  });
});
