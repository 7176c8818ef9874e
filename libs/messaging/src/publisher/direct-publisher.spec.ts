import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ContractViolationError,
  OriginMismatchError,
  parsePriceEvent,
  serializePriceEvent,
  type EventBatch,
  type OutgoingEvent,
} from '@app/domain';
import { createLogger, MetricsRegistry } from '@app/observability';
import { FakeClock, FakeEventSink } from '@app/testing';
import { DirectPublisher } from './direct-publisher';
import { RejectedLog } from './rejected-log';
import type { PublisherTimes } from './spooling-publisher';
import { Spool } from '../spool/spool';

const KINDS = ['price', 'candle'];
const ORIGIN = 'simulator:test';
const TIMES = { firstRetryMillis: 1, longestRetryMillis: 4, closeTimeoutMillis: 200 };

/** A price event whose time is its number. */
function event(number: number): OutgoingEvent {
  return { kind: 'price', symbol: 'BTCUSDT', capturedAt: number, value: lineOf(number) };
}

function lineOf(number: number): string {
  return serializePriceEvent({
    timestamp: number,
    symbol: 'BTCUSDT',
    lastPrice: '68001.20',
    priceChangePercent: '-1.250',
    volume: '24567.123',
    source: 'test',
  });
}

function batch(...numbers: number[]): EventBatch {
  return { origin: ORIGIN, events: numbers.map(event) };
}

function valuesOf(events: readonly OutgoingEvent[]): number[] {
  return events.map(({ value }) => parsePriceEvent(value).timestamp);
}

describe('DirectPublisher', () => {
  let folder: string;
  let sink: FakeEventSink;
  let spool: Spool;
  let metrics: MetricsRegistry;
  let publisher: DirectPublisher;

  function create(times: Partial<PublisherTimes> = {}): DirectPublisher {
    spool = Spool.open({ folder: join(folder, 'spool'), maxBytes: 1_048_576, kinds: KINDS });
    metrics = new MetricsRegistry();
    const rejected = new RejectedLog(join(folder, 'rejected.jsonl'), new FakeClock(0));
    return new DirectPublisher(sink, spool, rejected, createLogger('silent', 'test'), metrics, { ...TIMES, ...times });
  }

  async function drained(): Promise<void> {
    while (publisher.status().waitingEvents > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  async function metric(name: string): Promise<number> {
    const values = (await metrics.getSingleMetric(name)!.get()).values;
    return values.reduce((sum, { value }) => sum + value, 0);
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'publisher-'));
    sink = new FakeEventSink();
    publisher = create();
  });

  afterEach(async () => {
    await publisher.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('hands events straight to the sink, in the order of the calls', async () => {
    await Promise.all([publisher.publish(batch(1, 2)), publisher.publish(batch(3)), publisher.publish(batch())]);
    expect(valuesOf(sink.taken)).toEqual([1, 2, 3]);
    expect(sink.offered).toHaveLength(2);
    const nothing = { waitingEvents: 0, waitingBytes: 0, detail: '', lost: [], unreadable: [], kinds: [] };
    expect(publisher.status()).toEqual(nothing);
    expect(await metric('csp_events_published_total')).toBe(3);
  });

  it('spools while the sink fails and hands on in order when it is back', async () => {
    sink.fault = () => new Error('database is locked');
    await publisher.publish(batch(1, 2));
    await publisher.publish(batch(3));
    expect(publisher.status()).toMatchObject({ waitingEvents: 3, detail: 'database is locked' });
    expect(await metric('csp_spool_events')).toBe(3);
    while ((await metric('csp_publish_retries_total')) < 3) await new Promise((resolve) => setTimeout(resolve, 1));
    sink.fault = () => undefined;
    await publisher.publish(batch(4));
    await drained();
    expect(valuesOf(sink.taken)).toEqual([1, 2, 3, 4]);
    expect(publisher.status().detail).toBe('');
  });

  it('hands on at the next start what waited', async () => {
    sink.fault = () => new Error('disk full');
    await publisher.publish(batch(1, 2));
    await publisher.close();
    sink.fault = () => undefined;
    publisher = create();
    publisher.onModuleInit();
    await publisher.publish(batch(3));
    await drained();
    expect(valuesOf(sink.taken)).toEqual([1, 2, 3]);
  });

  it('rejects an origin that may not be mixed in and spools nothing', async () => {
    sink.fault = () => new OriginMismatchError('the store', 'binance', ORIGIN);
    await expect(publisher.publish(batch(1))).rejects.toThrow(OriginMismatchError);
    expect(publisher.status().waitingEvents).toBe(0);
  });

  it('rejects such an origin too while its earlier events wait', async () => {
    sink.fault = () => new Error('away');
    await publisher.publish(batch(1));
    sink.fault = () => new OriginMismatchError('the store', 'binance', ORIGIN);
    while (!publisher.status().detail.includes('refused')) await new Promise((resolve) => setTimeout(resolve, 1));
    await expect(publisher.publish(batch(2))).rejects.toThrow(OriginMismatchError);
    expect(publisher.status().waitingEvents).toBe(1);
  });

  it('sets waiting events of another origin aside when they hold up those of the origin that is captured now', async () => {
    sink.fault = () => new Error('away');
    await publisher.publish({ ...batch(1, 2), origin: 'simulator:old' });
    sink.fault = ({ origin }) =>
      origin === ORIGIN ? undefined : new OriginMismatchError('the store', ORIGIN, 'simulator:old');
    while (!publisher.status().detail.includes('refused')) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(publisher.status().waitingEvents).toBe(2);
    await publisher.publish(batch(3));
    await drained();
    expect(valuesOf(sink.taken)).toEqual([3]);
    const lines = readFileSync(join(folder, 'rejected.jsonl'), 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({ origin: 'simulator:old', field: null, value: lineOf(1) }),
      expect.objectContaining({ origin: 'simulator:old', value: lineOf(2) }),
    ]);
    expect(await metric('csp_events_rejected_total')).toBe(2);
  });

  it('sets broken events aside and takes the rest in order', async () => {
    sink.fault = ({ events }) =>
      events.some(({ value }) => value === lineOf(3) || value === lineOf(7))
        ? new ContractViolationError('n', 3, 'another number')
        : undefined;
    await publisher.publish(batch(1, 2, 3, 4, 5, 6, 7, 8));
    expect(valuesOf(sink.taken)).toEqual([1, 2, 4, 5, 6, 8]);
    const lines = readFileSync(join(folder, 'rejected.jsonl'), 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({
        origin: ORIGIN,
        field: 'n',
        value: lineOf(3),
        error: 'n: 3 is not allowed; expected another number',
      }),
      expect.objectContaining({ value: lineOf(7) }),
    ]);
    expect(await metric('csp_events_rejected_total')).toBe(2);
  });

  it('sets broken events aside when they come out of the spool', async () => {
    sink.fault = () => new Error('away');
    await publisher.publish(batch(1, 2, 3));
    sink.fault = ({ events }) =>
      events.some(({ value }) => value === lineOf(2)) ? new ContractViolationError('n', 2, '1 or 3') : undefined;
    await drained();
    expect(valuesOf(sink.taken)).toEqual([1, 3]);
  });

  it('spools what a silent sink has not taken in time and lets later events queue behind', async () => {
    await publisher.close();
    publisher = create({ patienceMillis: 5 });
    let answer: (value?: unknown) => void = () => undefined;
    sink.gate = new Promise((resolve) => {
      answer = resolve;
    });
    await publisher.publish(batch(1));
    await publisher.publish(batch(2));
    expect(publisher.status()).toMatchObject({ waitingEvents: 2, detail: expect.stringContaining('5 ms') as string });
    expect(sink.offered).toHaveLength(1);
    answer();
    await drained();
    expect(valuesOf(sink.taken)).toEqual([1, 2]);
  });

  it('finishes the publish in flight when it closes, and takes no more', async () => {
    let answer: (value?: unknown) => void = () => undefined;
    sink.gate = new Promise((resolve) => {
      answer = resolve;
    });
    const inFlight = publisher.publish(batch(1));
    const closed = publisher.close();
    answer();
    await Promise.all([inFlight, closed]);
    expect(valuesOf(sink.taken)).toEqual([1]);
    await expect(publisher.publish(batch(2))).rejects.toThrow('closed');
  });

  it('leaves in the spool what a silent sink holds at closing', async () => {
    await publisher.close();
    publisher = create({ closeTimeoutMillis: 20 });
    sink.gate = new Promise(() => undefined);
    const inFlight = publisher.publish(batch(1));
    await Promise.all([inFlight, publisher.close()]);
    sink.gate = Promise.resolve();
    publisher = create();
    publisher.onModuleInit();
    await drained();
    expect(valuesOf(sink.taken)).toEqual([1]);
  });
});
