import {
  ContractViolationError,
  MINUTE,
  OriginMismatchError,
  outgoingEvent,
  PRICE_KIND,
  SECOND,
  SINK_UNIT_EVENTS,
  type EventSink,
  type MinuteCandle,
  type OutgoingEvent,
  type SinkResult,
} from '@app/domain';
import { buildMinute, FakeEventSink } from '@app/testing';
import { KeptStore } from '../../support/kept-store';
import { batchOf, candleEvent, NOON, ORIGIN, priceEvent, TestStore } from '../../support/test-store';

interface Subject {
  /** As it is now: another one once the store has been away. */
  readonly sink: EventSink;
  /** Lines of a kind that are kept, in their order. */
  lines(kind: 'price' | 'candle'): readonly string[];
  /** Nothing can be taken from now on. */
  away(): Promise<void>;
  back(): Promise<void>;
  dispose(): Promise<void>;
}

const TOPICS = { price: 'crypto_prices', candle: 'crypto_candles' };

/** The sink of a store that is open until somebody closes it. */
async function openSubject(): Promise<Subject> {
  const store = new TestStore();
  let { sink } = await store.open();
  return {
    get sink() {
      return sink;
    },
    lines: (kind) => store.linesOf(TOPICS[kind]),
    away: () => store.close(),
    back: async () => {
      ({ sink } = await store.open());
    },
    dispose: () => store.dispose(),
  };
}

/** The sink of a process, which goes on when the store is there again. */
async function keptSubject(): Promise<Subject> {
  const store = new TestStore();
  const kept = await KeptStore.start(store);
  return {
    sink: kept.sink,
    lines: (kind) => store.linesOf(TOPICS[kind]),
    away: () => kept.moveAway(),
    back: () => kept.moveBack(),
    dispose: async () => {
      await kept.close();
      await store.dispose();
    },
  };
}

function fakeSubject(): Promise<Subject> {
  const sink = new FakeEventSink();
  return Promise.resolve({
    sink,
    lines: (kind) => sink.taken.filter((event) => event.kind === kind).map(({ value }) => value),
    away: () => {
      sink.fault = () => new Error('the store is away');
      return Promise.resolve();
    },
    back: () => {
      sink.fault = () => undefined;
      return Promise.resolve();
    },
    dispose: () => Promise.resolve(),
  });
}

const BTC = 'BTCUSDT';
const OTHER_ORIGIN = 'simulator:other';

const price = (second: number, symbol = BTC): OutgoingEvent => priceEvent(symbol, NOON + second * SECOND);
const prices = (from: number, count: number): OutgoingEvent[] =>
  Array.from({ length: count }, (_, index) => price(from + index));
const values = (events: readonly OutgoingEvent[]): string[] => events.map(({ value }) => value);
const counts = (taken: number, repeats = 0, revisions = 0): SinkResult => ({ taken, repeats, revisions });

describe.each([
  ['of an open store', openSubject],
  ['of the store of a process', keptSubject],
  ['the fake', fakeSubject],
])('the contract of EventSink: %s', (_, make) => {
  let subject: Subject;

  beforeEach(async () => {
    subject = await make();
  });

  afterEach(() => subject.dispose());

  const take = (...events: readonly OutgoingEvent[]): Promise<SinkResult> => subject.sink.take(batchOf(...events));

  const refusalOf = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => 'it was taken',
      (error: unknown) => error,
    );

  it('should take nothing of an empty batch, not even its origin', async () => {
    expect(await subject.sink.take({ origin: OTHER_ORIGIN, events: [] })).toEqual(counts(0));
    expect(await take(price(0))).toEqual(counts(1));
    expect(await subject.sink.take({ origin: OTHER_ORIGIN, events: [] })).toEqual(counts(0));
    expect(subject.lines('price')).toEqual(values([price(0)]));
  });

  it('should keep the lines of each kind in the order in which they were given', async () => {
    const minutes = [1, 0].map((minute) => candleEvent(buildMinute(BTC, NOON + minute * MINUTE)));
    const given = [price(2), minutes[0]!, price(0, '币安人生USDT'), price(1), minutes[1]!];
    expect(await take(...given)).toEqual(counts(5));
    expect(subject.lines('price')).toEqual(values([given[0]!, given[2]!, given[3]!]));
    expect(subject.lines('candle')).toEqual(values(minutes));
  });

  it('should take batches that do not wait for each other in the order of the calls', async () => {
    const batches = Array.from({ length: 20 }, (_batch, index) => prices(index * 3, 3));
    expect(await Promise.all(batches.map((batch) => take(...batch)))).toEqual(batches.map(() => counts(3)));
    expect(subject.lines('price')).toEqual(values(batches.flat()));
  });

  it('should take each event once, in whichever batches it comes', async () => {
    expect(await take(...prices(0, 3), ...prices(1, 3))).toEqual(counts(4, 2));
    expect(await take(...prices(0, 5))).toEqual(counts(1, 4));
    const minute = candleEvent(buildMinute(BTC, NOON));
    expect(await take(minute, minute)).toEqual(counts(1, 1));
    expect(await take(minute)).toEqual(counts(0, 1));
    expect(subject.lines('price')).toEqual(values(prices(0, 5)));
    expect(subject.lines('candle')).toEqual(values([minute]));
  });

  it('should tell prices apart by symbol, time and source, whatever they say', async () => {
    const same = priceEvent(BTC, NOON, { lastPrice: '1.00' });
    const others = [price(0), price(0, 'ETHUSDT'), priceEvent(BTC, NOON, { source: 'another' }), price(1)];
    expect(await take(...others)).toEqual(counts(4));
    expect(await take(same)).toEqual(counts(0, 1));
    expect(subject.lines('price')).toEqual(values(others));
  });

  it('should count as revisions the minutes whose numbers changed, and keep the lines of all captures', async () => {
    const first = buildMinute(BTC, NOON, { volume: '2.00' });
    const captured = (seconds: number, changes: Partial<MinuteCandle> = {}): OutgoingEvent =>
      candleEvent({ ...first, capturedAt: first.capturedAt + seconds * SECOND, ...changes });
    const steps: [OutgoingEvent, SinkResult][] = [
      [captured(0), counts(1)],
      // The same number is one, however many zeros it is written with.
      [captured(10, { volume: '2.0' }), counts(0, 1)],
      [captured(20, { volume: '2.125' }), counts(0, 0, 1)],
      [captured(30, { volume: '2.00' }), counts(0, 0, 1)],
      // Captured before others, and it comes after them.
      [captured(25, { volume: '3.5' }), counts(0, 0, 1)],
      [captured(-5), counts(1)],
    ];
    for (const [event, result] of steps) expect([event.value, await take(event)]).toEqual([event.value, result]);
    for (const [event] of steps) expect(await take(event)).toEqual(counts(0, 1));
    expect(subject.lines('candle')).toEqual(steps.map(([{ value }]) => value));
  });

  it('should take an event for the same whether it comes as its line alone or with what the line says', async () => {
    const event = PRICE_KIND.parse(price(0).value);
    const whole = outgoingEvent(PRICE_KIND, event);
    expect(whole.value).toBe(price(0).value);
    expect(await take(whole)).toEqual(counts(1));
    expect(await take(price(0))).toEqual(counts(0, 1));
    expect(await take(price(1))).toEqual(counts(1));
    expect(await take(outgoingEvent(PRICE_KIND, { ...event, timestamp: NOON + SECOND }))).toEqual(counts(0, 1));
    expect(subject.lines('price')).toEqual(values(prices(0, 2)));
  });

  it.each([
    ['no JSON', 'x'],
    ['fields are missing', `{"symbol":"${BTC}"}`],
    ['a number in the place of a text', price(1).value.replace('"68001.20"', '68001.20')],
    ['a line feed behind it', `${price(1).value}\n`],
  ])('should take nothing of a unit with an event that breaks its contract: %s', async (_what, value) => {
    const broken = { ...price(1), value };
    expect(await refusalOf(take(price(0), broken, price(2)))).toBeInstanceOf(ContractViolationError);
    expect(subject.lines('price')).toEqual([]);
    expect(await take(price(0), price(2))).toEqual(counts(2));
  });

  it('should keep the units before the one that breaks its contract, and take the rest when it comes without', async () => {
    const events = prices(0, SINK_UNIT_EVENTS + 2);
    const broken = [...events.slice(0, -1), { ...price(0), value: '{}' }];
    expect(await refusalOf(take(...broken))).toBeInstanceOf(ContractViolationError);
    expect(subject.lines('price')).toEqual(values(events.slice(0, SINK_UNIT_EVENTS)));
    expect(await take(...events)).toEqual(counts(2, SINK_UNIT_EVENTS));
    expect(subject.lines('price')).toEqual(values(events));
  });

  it('should take nothing of a unit with an event of a kind that it does not know', async () => {
    expect(await refusalOf(take(price(0), { ...price(1), kind: 'unheard' }))).toMatchObject({
      message: expect.stringContaining('unheard') as string,
    });
    expect(subject.lines('price')).toEqual([]);
  });

  it('should refuse data of another origin, and go on with its own', async () => {
    await take(price(0));
    for (let times = 0; times < 2; times += 1) {
      const refusal = await refusalOf(subject.sink.take({ origin: OTHER_ORIGIN, events: [price(1)] }));
      expect(refusal).toBeInstanceOf(OriginMismatchError);
      expect(refusal).toMatchObject({ code: 'STORE.ORIGIN_MISMATCH', stored: ORIGIN, offered: OTHER_ORIGIN });
    }
    expect(await take(price(1))).toEqual(counts(1));
    expect(subject.lines('price')).toEqual(values(prices(0, 2)));
  });

  // Whoever hands events on sets those aside that break their contract, and gives up an origin that is refused.
  it('should blame no event while nothing can be taken, and take the batch once that is over', async () => {
    await take(price(0));
    await subject.away();
    for (const batch of [prices(1, 2), [price(0)]]) {
      const refusal = await refusalOf(take(...batch));
      expect(refusal).toBeInstanceOf(Error);
      expect(refusal).not.toBeInstanceOf(ContractViolationError);
      expect(refusal).not.toBeInstanceOf(OriginMismatchError);
    }
    await subject.back();
    expect(subject.lines('price')).toEqual(values([price(0)]));
    expect(await take(...prices(0, 3))).toEqual(counts(2, 1));
    expect(subject.lines('price')).toEqual(values(prices(0, 3)));
  });
});
