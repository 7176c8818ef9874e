import {
  ContractViolationError,
  OriginMismatchError,
  PartitionLostError,
  UnitRejectedError,
  type PartitionClaim,
  type TopicPartition,
} from '@app/domain';
import { createLogger, MetricsRegistry } from '@app/observability';
import type { KafkaMessage } from 'kafkajs';
import { DeadLetters } from '../dead-letters/dead-letter.publisher';
import { ConsumerMetrics } from './consumer-metrics';
import { ConsumerStatus } from './consumer-status';
import { MessageUnit, type RejectedMessage } from './message-unit';
import { ConsumerClosingError, UnitHeldError, UnitTaker } from './unit-taker';

/** Jest's clock moves the global timers only. */
jest.mock('node:timers/promises', () => ({
  setTimeout: (millis: number) => new Promise((resolve) => setTimeout(resolve, millis)),
}));

const CLAIM: PartitionClaim = { topic: 'prices', partition: 0, kind: 'price', epoch: 1, progress: undefined };
const DAY_OF_SECONDS = 86_400;

const message = (offset: number): KafkaMessage =>
  ({
    key: null,
    value: Buffer.from(`m${offset}`),
    timestamp: '1',
    offset: String(offset),
    headers: {},
  }) as KafkaMessage;

const unitOf = (count: number): MessageUnit =>
  MessageUnit.of(
    Array.from({ length: count }, (_, offset) => message(offset)),
    0,
    count,
    () => undefined,
  );

describe('UnitTaker', () => {
  /** What was handed on and taken, and what was set aside, in order. */
  let events: string[];
  let fault: ((values: readonly string[]) => void) | undefined;
  let letterFault: Error | undefined;
  let heartbeats: number;
  let closing: AbortController;
  let status: ConsumerStatus;
  let taker: UnitTaker;

  class FakeDeadLetters extends DeadLetters {
    send(_: TopicPartition, { message: { value } }: RejectedMessage, attempts: number): Promise<void> {
      if (letterFault) return Promise.reject(letterFault);
      events.push(`letter ${String(value)} x${attempts}`);
      return Promise.resolve();
    }
  }

  beforeEach(() => {
    jest.useFakeTimers();
    events = [];
    fault = undefined;
    letterFault = undefined;
    heartbeats = 0;
    closing = new AbortController();
    const logger = createLogger('silent', 'test');
    status = new ConsumerStatus('group', logger);
    taker = new UnitTaker({
      handle: async ({ unit: { values } }) => {
        await Promise.resolve();
        fault?.(values);
        events.push(`taken ${values.join()}`);
      },
      deadLetters: new FakeDeadLetters(),
      metrics: new ConsumerMetrics(new MetricsRegistry(), () => status.snapshot()),
      status,
      logger,
      closing: closing.signal,
    });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  function take(count: number, heartbeat = () => Promise.resolve(void (heartbeats += 1))): Promise<void> {
    const taken = taker.take(CLAIM, unitOf(count), heartbeat);
    taken.catch(() => undefined);
    return taken;
  }

  const rejecting = (...bad: string[]) => {
    fault = (values) => {
      const rejected = values.flatMap((value, index) =>
        bad.includes(value) ? [{ index, violation: new ContractViolationError('message', value, 'better') }] : [],
      );
      if (rejected.length > 0) throw new UnitRejectedError(rejected);
    };
  };

  it('should have set aside what breaks its contract before it takes the rest', async () => {
    rejecting('m1', 'm3');
    await take(4);
    expect(events).toEqual(['letter m1 x1', 'letter m3 x1', 'taken m0,m2']);
  });

  it('should take nothing of a unit whose dead letters the broker does not acknowledge', async () => {
    rejecting('m1');
    letterFault = new Error('the broker is away');
    await expect(take(3)).rejects.toThrow('the broker is away');
    expect(events).toEqual([]);
  });

  it('should wait for a store that is away for a day, heard by the broker all the time, and blame no message', async () => {
    fault = () => {
      throw new Error('disk full');
    };
    const taken = take(2);
    await jest.advanceTimersByTimeAsync(DAY_OF_SECONDS * 1_000);
    expect(events).toEqual([]);
    expect(status.problem()).toContain('disk full');
    expect(status.deadReason()).toBe('');
    expect(heartbeats).toBeGreaterThan(0.9 * DAY_OF_SECONDS);
    expect(status.snapshot().retries).toBeGreaterThan(DAY_OF_SECONDS / 20);
    fault = undefined;
    await jest.advanceTimersByTimeAsync(20_000);
    await taken;
    expect(events).toEqual(['taken m0,m1']);
    expect(status.snapshot().sink_fault).toBeNull();
  });

  it('should let go of a unit when the heartbeat says that the group shares out its partitions anew', async () => {
    fault = () => {
      throw new Error('disk full');
    };
    const taken = take(2, () => Promise.reject(new Error('rebalancing')));
    await jest.advanceTimersByTimeAsync(1_000);
    await expect(taken).rejects.toThrow('rebalancing');
  });

  it('should hand on at once that the partition is lost', async () => {
    fault = () => {
      throw new PartitionLostError(CLAIM);
    };
    await expect(take(1)).rejects.toBeInstanceOf(PartitionLostError);
    expect(status.snapshot().retries).toBe(0);
  });

  it('should try what looks like a mistake five times and then set aside the one message that makes it', async () => {
    fault = (values) => {
      if (values.includes('m5')) throw new TypeError('x is undefined');
    };
    const taken = take(8);
    await jest.advanceTimersByTimeAsync(60_000);
    await taken;
    expect(events).toEqual(['taken m0,m1,m2,m3', 'taken m4', 'letter m5 x5', 'taken ', 'taken m6,m7']);
  });

  it('should blame itself once ten messages in a row seem to be at fault', async () => {
    fault = (values) => {
      if (values.length > 0) throw new TypeError('a bug');
    };
    const taken = take(30);
    await jest.advanceTimersByTimeAsync(600_000);
    expect(events.filter((event) => event.startsWith('letter'))).toHaveLength(10);
    expect(status.problem()).toContain('a bug');
    closing.abort();
    await jest.advanceTimersByTimeAsync(20_000);
    await expect(taken).rejects.toBeInstanceOf(ConsumerClosingError);
  });

  it('should leave a unit to the next start when the consumer closes', async () => {
    closing.abort();
    await expect(take(1)).rejects.toBeInstanceOf(ConsumerClosingError);
    expect(events).toEqual([]);
  });

  it('should leave a unit of another origin at once, without what was set aside of it', async () => {
    const mismatch = new OriginMismatchError('STORAGE_PATH', 'binance', 'simulator:7');
    fault = (values) => {
      if (!values.includes('m1')) throw mismatch;
      throw new UnitRejectedError([{ index: 1, violation: new ContractViolationError('symbol', 'm1', 'another') }]);
    };
    const held: unknown = await taker.take(CLAIM, unitOf(3), () => Promise.resolve()).catch((error: unknown) => error);
    expect(held).toBeInstanceOf(UnitHeldError);
    expect(held).toMatchObject({ mismatch, unit: { partitionUnit: { begin: 0, next: 3, values: ['m0', 'm2'] } } });
    expect(events).toEqual(['letter m1 x1']);
    expect(status.snapshot().sink_fault).toBeNull();
  });
});
