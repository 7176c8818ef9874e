import { mkdtempSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventBatch, OutgoingEvent } from '@app/domain';
import { createLogger, MetricsRegistry } from '@app/observability';
import { FakeClock } from '@app/testing';
import { Spool } from '../spool/spool';
import type { EventTarget } from './event-target';
import { PublisherMetrics } from './publisher-metrics';
import { RejectedLog } from './rejected-log';
import { SpoolingPublisher, type PublisherOptions } from './spooling-publisher';

const KINDS = ['price', 'candle'];
const OPTIONS: PublisherOptions = {
  firstRetryMillis: 1,
  longestRetryMillis: 4,
  patienceMillis: 10_000,
  drainPatienceMillis: 10_000,
  closeTimeoutMillis: 200,
  joinedEvents: 5,
};

function batch(origin: string, ...numbers: number[]): EventBatch {
  const event = (number: number): OutgoingEvent => ({
    kind: 'price',
    symbol: 'BTCUSDT',
    capturedAt: number,
    value: `{"n":${number}}`,
  });
  return { origin, events: numbers.map(event) };
}

/** Takes what it is offered, after its gate; remembers every offer. */
class FakeTarget implements EventTarget {
  readonly name = 'the target';
  readonly offered: { readonly origin: string; readonly numbers: number[] }[] = [];
  readonly taken: number[] = [];
  gate: Promise<unknown> = Promise.resolve();
  fault: Error | undefined;

  async take({ origin, events }: EventBatch): Promise<void> {
    const numbers = events.map(({ value }) => (JSON.parse(value) as { n: number }).n);
    this.offered.push({ origin, numbers });
    await this.gate;
    if (this.fault) throw this.fault;
    this.taken.push(...numbers);
  }

  /** Holds every answer back until the returned function is called. */
  hold(): () => void {
    let release: (value?: unknown) => void = () => undefined;
    this.gate = new Promise((resolve) => {
      release = resolve;
    });
    return () => {
      this.gate = Promise.resolve();
      release();
    };
  }

  get numbers(): number[][] {
    return this.offered.map(({ numbers }) => numbers);
  }
}

describe('SpoolingPublisher', () => {
  let folder: string;
  let target: FakeTarget;
  let publisher: SpoolingPublisher;

  function create(options: Partial<PublisherOptions> = {}): void {
    const spool = Spool.open({ folder: join(folder, 'spool'), maxBytes: 1_048_576, kinds: KINDS });
    const rejected = new RejectedLog(join(folder, 'rejected.jsonl'), new FakeClock(0));
    const logger = createLogger('silent', 'test');
    publisher = new SpoolingPublisher(
      target,
      spool,
      rejected,
      logger,
      new PublisherMetrics(new MetricsRegistry(), KINDS),
      {
        ...OPTIONS,
        ...options,
      },
    );
  }

  async function until(reached: () => boolean): Promise<void> {
    while (!reached()) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  const drained = () => until(() => publisher.status().waitingEvents === 0);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'publisher-'));
    target = new FakeTarget();
  });

  afterEach(async () => {
    await publisher.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('should hand on together what waited for its turn, in the order of the calls and no more than allowed', async () => {
    create();
    const release = target.hold();
    const calls = [publisher.publish(batch('binance', 1))];
    await until(() => target.offered.length === 1);
    for (const numbers of [[2, 3], [4], [5, 6, 7], [8]]) calls.push(publisher.publish(batch('binance', ...numbers)));
    release();
    await Promise.all(calls);
    expect(target.numbers).toEqual([[1], [2, 3, 4], [5, 6, 7, 8]]);
  });

  it('should keep batches of different origins apart', async () => {
    create();
    await Promise.all(['a', 'a', 'b', 'a'].map((origin, index) => publisher.publish(batch(origin, index))));
    expect(target.offered.map(({ origin }) => origin)).toEqual(['a', 'b', 'a']);
    expect(target.taken).toEqual([0, 1, 2, 3]);
  });

  it('should resolve once the events are in the spool although the target hangs', async () => {
    create({ patienceMillis: 5 });
    const release = target.hold();
    await publisher.publish(batch('binance', 1));
    await publisher.publish(batch('binance', 2));
    expect(publisher.status()).toMatchObject({ waitingEvents: 2 });
    release();
    await drained();
  });

  it('should not hand on again what a slow target took after all', async () => {
    create({ patienceMillis: 5 });
    const release = target.hold();
    await publisher.publish(batch('binance', 1, 2));
    await publisher.publish(batch('binance', 3));
    release();
    await drained();
    expect(target.numbers).toEqual([[1, 2], [3]]);
    expect(target.taken).toEqual([1, 2, 3]);
  });

  it('should hand on again what a slow target did not take after all', async () => {
    create({ patienceMillis: 5 });
    const release = target.hold();
    await publisher.publish(batch('binance', 1, 2));
    target.fault = new Error('away');
    release();
    await until(() => target.offered.length > 2);
    target.fault = undefined;
    await drained();
    expect(target.taken).toEqual([1, 2]);
  });

  it('should make a failed attempt again as it was, whatever waits behind it', async () => {
    create();
    target.fault = new Error('away');
    await publisher.publish(batch('binance', 1, 2));
    await publisher.publish(batch('binance', 3, 4));
    await until(() => target.offered.length > 3);
    target.fault = undefined;
    await drained();
    const attempts = target.numbers;
    expect(attempts.at(-1)).toEqual([3, 4]);
    expect(attempts.slice(0, -1).every((numbers) => numbers.join() === '1,2')).toBe(true);
  });

  it('should say for how long events have waited without an attempt', async () => {
    create();
    expect(publisher.stalledMillis).toBe(0);
    const release = target.hold();
    const call = publisher.publish(batch('binance', 1));
    await until(() => publisher.stalledMillis > 20);
    release();
    await call;
    await until(() => publisher.stalledMillis === 0);
  });

  describe('at closing', () => {
    const DISK_FULL = new Error('no space left on device');
    let isFull: boolean;
    let spool: Spool;

    /** A publisher on a disk that takes nothing and holds no room, with a target that holds its answer back. */
    function createOnFullDisk(options: Partial<PublisherOptions>): void {
      isFull = true;
      spool = Spool.open({
        folder: join(folder, 'spool'),
        maxBytes: 1_048_576,
        kinds: KINDS,
        ballastBytes: 0,
        write: (handle, bytes, position) => {
          if (isFull) throw DISK_FULL;
          writeSync(handle, bytes, 0, bytes.length, position);
        },
      });
      const rejected = new RejectedLog(join(folder, 'rejected.jsonl'), new FakeClock(0));
      const metrics = new PublisherMetrics(new MetricsRegistry(), KINDS);
      const logger = createLogger('silent', 'test');
      publisher = new SpoolingPublisher(target, spool, rejected, logger, metrics, { ...OPTIONS, ...options });
    }

    const lost = (): number => spool.lost.reduce((sum, { events }) => sum + events, 0);

    it.each([
      ['which it had been handed', { patienceMillis: 10_000 }],
      ['for which patience had run out before', { patienceMillis: 5 }],
    ])('should not list as lost what the target takes late, %s', async (_, options) => {
      createOnFullDisk({ ...options, closeTimeoutMillis: 60_000 });
      const release = target.hold();
      const call = publisher.publish(batch('binance', 1, 2));
      await until(() => target.offered.length === 1);
      if (options.patienceMillis < 1_000) await call;
      const closed = publisher.close();
      release();
      await Promise.all([call, closed]);
      expect(target.taken).toEqual([1, 2]);
      expect(lost()).toBe(0);
    });

    it('should not list as lost what the target takes after it was given up on, while closing goes on', async () => {
      createOnFullDisk({ closeTimeoutMillis: 1_000 });
      const release = target.hold();
      const call = publisher.publish(batch('binance', 1, 2));
      await until(() => target.offered.length === 1);
      const closed = publisher.close();
      await call;
      expect(publisher.status().waitingEvents).toBe(2);
      release();
      await closed;
      expect(target.taken).toEqual([1, 2]);
      expect(lost()).toBe(0);
    });

    it('should list as lost what the target refuses late', async () => {
      createOnFullDisk({ patienceMillis: 5, closeTimeoutMillis: 60_000 });
      const release = target.hold();
      await publisher.publish(batch('binance', 1, 2));
      target.fault = new Error('away');
      const closed = publisher.close();
      release();
      await closed;
      expect(target.taken).toEqual([]);
      expect(lost()).toBe(2);
    });

    it('should list what nobody answers for, and end', async () => {
      createOnFullDisk({ patienceMillis: 5, closeTimeoutMillis: 20 });
      target.hold();
      await publisher.publish(batch('binance', 1, 2, 3));
      await publisher.close();
      expect(lost()).toBe(3);
    });
  });
});
