import {
  DAY,
  MINUTE,
  SECOND,
  TICKER_SOURCE,
  floorTo,
  formatEventTime,
  formatMillisTime,
  positionToText,
  serializePriceEvent,
  type EpochMicros,
} from '@app/domain';
import { buildMinute } from '@app/testing';
import { eventually } from '../support/app-process';
import { EventStream } from '../support/event-stream';
import { getAll, getJson, type ListPage } from '../support/http';
import { Recorder } from '../support/recorder';

const NOW: EpochMicros = Date.UTC(2026, 0, 15, 12) * 1_000;

interface Gap {
  readonly since: string | null;
  readonly next_url: string;
}

/** What a stream says where it cannot go on behind a position: of a feed that is not this one. */
describe('gaps of streams', () => {
  const recorder = new Recorder(NOW, 'BTCUSDT,ETHUSDT');
  const opened: EventStream[] = [];
  let url: string;

  beforeAll(async () => {
    await recorder.open();
    await recorder.take([buildMinute('BTCUSDT', NOW - 5 * MINUTE)]);
    await takePrice(NOW - 5 * MINUTE);
    url = await recorder.listen();
  });

  afterEach(() => {
    for (const stream of opened.splice(0)) stream.cut();
  });

  afterAll(() => recorder.dispose());

  async function takePrice(timestamp: EpochMicros, symbol = 'BTCUSDT'): Promise<void> {
    const numbers = { lastPrice: '1.00', priceChangePercent: '0.100', volume: '7.0' };
    const value = serializePriceEvent({ timestamp, symbol, ...numbers, source: TICKER_SOURCE });
    const events = [{ kind: 'price' as const, symbol, capturedAt: timestamp, value }];
    await recorder.store.sink.take({ origin: Recorder.ORIGIN, events });
  }

  /** The position of whoever has read another feed up to what was committed at a time. */
  const behind = (committedAt: EpochMicros | null): string =>
    positionToText({ generation: 'ffffffffffffffff', next: new Map(), within: null, committedAt });

  async function gapOf(path: string, position: string): Promise<Gap> {
    const stream = await EventStream.open(`${url}${path}`, { 'Last-Event-ID': position });
    opened.push(stream);
    const event = await eventually('the gap is told', () => Promise.resolve(stream.events[0]));
    expect(event.event).toBe('gap');
    return event.data as Gap;
  }

  const POSITIONS: readonly (readonly [string, EpochMicros | null])[] = [
    ['minutes old', NOW - 10 * MINUTE],
    ['weeks old', NOW - 30 * DAY],
    ['of this moment', NOW],
    ['of a clock that was ahead', NOW + 2 * DAY],
    ['of the beginning of time', 0],
    ['without a time', null],
  ];

  it.each(
    ['/stream/prices', '/stream/candles'].flatMap((path) =>
      ['', '?symbols=BTCUSDT,ETHUSDT'].flatMap((query) =>
        POSITIONS.map(([what, time]) => [`${path}${query}`, what, time] as const),
      ),
    ),
  )('should give an address that answers as it stands: %s behind a position %s', async (path, _what, time) => {
    const { next_url: next } = await gapOf(path, behind(time));
    await getJson<ListPage<unknown>>(`${url}${next}`);
  });

  it.each([
    ['of the minute in which the position was committed', 0],
    ['of the minute before, whose candle came late', -MINUTE],
    ['of hours before, after an outage', -20 * 60 * MINUTE],
  ])('should give what was committed after the position: %s', async (_what, offset) => {
    const committedAt = recorder.clock.now() + 5 * SECOND;
    const time = floorTo(committedAt, MINUTE) + offset;
    recorder.clock.advance(2 * MINUTE);
    await recorder.take([buildMinute('ETHUSDT', time)]);
    await takePrice(time + SECOND, 'ETHUSDT');
    for (const [path, expected] of [
      ['/stream/candles?symbols=ETHUSDT', formatMillisTime(time)],
      ['/stream/prices?symbols=ETHUSDT', formatEventTime(time + SECOND)],
    ] as const) {
      const { since, next_url: next } = await gapOf(path, behind(committedAt));
      expect(since).toBe(formatEventTime(committedAt));
      const items = await getAll<{ open_time?: string; timestamp_utc?: string }>(url, next);
      expect(items.map((item) => item.open_time ?? item.timestamp_utc)).toContain(expected);
    }
  });
});
