import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OriginMismatchError, type EventBatch } from '@app/domain';
import { createLogger, MetricsRegistry } from '@app/observability';
import { FakeClock } from '@app/testing';
import { IngestState } from '../../ingest-state/ingest-state';
import { RejectedLog } from '../../publisher/rejected-log';
import { openKindSpools } from '../../spool/open-spools';
import type { KafkaEventTarget } from './kafka-event-target';
import { KafkaPublisher } from './kafka-publisher';

const KINDS = ['price', 'candle'] as const;
type EventKind = (typeof KINDS)[number];

function batch(origin: string): EventBatch {
  return { origin, events: [{ kind: 'price', symbol: 'BTCUSDT', capturedAt: 1, value: '{}' }] };
}

const TIMES = { firstRetryMillis: 1, longestRetryMillis: 4, closeTimeoutMillis: 200 };

function events(kind: EventKind, ...numbers: number[]): EventBatch {
  return {
    origin: 'binance',
    events: numbers.map((number) => ({ kind, symbol: 'BTCUSDT', capturedAt: number, value: `{"n":${number}}` })),
  };
}

describe('KafkaPublisher', () => {
  let folder: string;
  let publisher: KafkaPublisher;
  const calls: string[] = [];
  /** What each target took, why it refuses, and what it waits for. */
  let taken: Record<EventKind, number[]>;
  let faults: Partial<Record<EventKind, string>>;
  let gates: Partial<Record<EventKind, Promise<void>>>;
  let metrics: MetricsRegistry;

  function create(): KafkaPublisher {
    const targetOf = (kind: EventKind) =>
      ({
        name: 'Kafka',
        topic: `topic of ${kind}`,
        get status() {
          return { state: faults[kind] ? 'down' : 'up', detail: faults[kind] ?? '', last_acknowledged_at: null };
        },
        take: async ({ origin, events }: EventBatch) => {
          await gates[kind];
          if (faults[kind] !== undefined) throw new Error(faults[kind]);
          calls.push(origin);
          taken[kind].push(...events.map(({ capturedAt }) => capturedAt));
        },
        open: () => Promise.resolve(),
        close: () => Promise.resolve(void calls.push(`close ${kind}`)),
      }) as unknown as KafkaEventTarget;
    const logger = createLogger('silent', 'test');
    const state = new IngestState(join(folder, 'state.json'), logger);
    const spools = openKindSpools({ folder: join(folder, 'spool'), maxBytes: 1_048_576, kinds: KINDS });
    const rejected = new RejectedLog(join(folder, 'rejected.jsonl'), new FakeClock(0));
    metrics = new MetricsRegistry();
    publisher = new KafkaPublisher(
      (kind) => targetOf(kind as EventKind),
      state,
      spools,
      rejected,
      logger,
      metrics,
      TIMES,
    );
    closeState = () => {
      state.beforeApplicationShutdown();
    };
    return publisher;
  }
  let closeState: () => void = () => undefined;

  beforeEach(() => {
    calls.length = 0;
    taken = { price: [], candle: [] };
    faults = {};
    gates = {};
    folder = mkdtempSync(join(tmpdir(), 'publisher-'));
  });

  afterEach(async () => {
    await publisher.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('should send nothing of another origin than the first, after a restart either', async () => {
    create();
    await publisher.publish({ origin: 'recording:1:2', events: [] });
    await publisher.publish(batch('simulator:7'));
    await expect(publisher.publish(batch('binance'))).rejects.toThrow(OriginMismatchError);
    await publisher.close();
    closeState();
    create();
    await expect(publisher.publish(batch('binance'))).rejects.toThrow('KAFKA_BOOTSTRAP_SERVERS to another cluster');
    await publisher.publish(batch('simulator:7'));
    expect(calls.filter((call) => !call.startsWith('close'))).toEqual(['simulator:7', 'simulator:7']);
  });

  it('should let go of the broker after its own work', async () => {
    create();
    const sent = publisher.publish(batch('binance'));
    await publisher.close();
    await sent;
    expect(calls[0]).toBe('binance');
    expect(calls.slice(1).sort()).toEqual(['close candle', 'close price']);
  });

  describe('when the topic of one kind of events is refused', () => {
    const other = { price: 'candle', candle: 'price' } as const;
    const drained = async () => {
      while (publisher.status().waitingEvents > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    };

    it.each([
      ['price', 'topic crypto_prices has cleanup.policy=compact'],
      ['candle', 'topic crypto_candles has cleanup.policy=compact'],
      ['price', 'topic crypto_prices has 4 partitions, but TOPIC_PARTITIONS is 3'],
      ['candle', 'topic crypto_candles cannot be used: unsupported compression'],
    ] as const)('should deliver the other without delay: no %s events, for %s', async (refused, reason) => {
      faults[refused] = reason;
      create();
      for (const number of [1, 2, 3]) {
        await publisher.publish(events(refused, number));
        await publisher.publish(events(other[refused], number));
      }
      await publisher.publish({
        origin: 'binance',
        events: [...events(refused, 4).events, ...events(other[refused], 4).events],
      });
      expect(taken[other[refused]]).toEqual([1, 2, 3, 4]);
      expect(taken[refused]).toEqual([]);
      const { waitingEvents, detail, kinds } = publisher.status();
      expect([waitingEvents, detail]).toEqual([4, `${refused} events: ${reason}`]);
      expect(kinds.map(({ kind, waitingEvents: waiting, detail: why }) => [kind, waiting, why])).toEqual(
        (['price', 'candle'] as const).map((kind) => (kind === refused ? [kind, 4, reason] : [kind, 0, ''])),
      );
      expect(publisher.broker).toMatchObject({ state: 'down', detail: `topic of ${refused}: ${reason}` });
      const exposed = await metrics.metrics();
      expect(exposed).toContain(`csp_spool_events{kind="${refused}"} 4`);
      expect(exposed).toContain(`csp_spool_events{kind="${other[refused]}"} 0`);

      faults = {};
      await drained();
      expect(taken[refused]).toEqual([1, 2, 3, 4]);
    });

    it.each(['price', 'candle'] as const)('should not wait with the other when it hangs: %s', async (hanging) => {
      create();
      let release: () => void = () => undefined;
      gates[hanging] = new Promise((resolve) => {
        release = resolve;
      });
      const first = publisher.publish(events(hanging, 1));
      await publisher.publish(events(other[hanging], 1));
      expect(taken[other[hanging]]).toEqual([1]);
      release();
      await first;
      expect(taken[hanging]).toEqual([1]);
    });

    it('should hand on what both kinds left, each in its order, after a restart', async () => {
      faults = { price: 'away', candle: 'away' };
      create();
      for (const number of [1, 2, 3]) {
        await publisher.publish(events('price', number));
        await publisher.publish(events('candle', number));
      }
      expect(publisher.status().detail).toBe('price events and candle events: away');
      await publisher.close();
      faults = { candle: 'refused' };
      create();
      publisher.onModuleInit();
      while (taken.price.length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
      await publisher.publish(events('candle', 4));
      await publisher.publish(events('price', 4));
      expect(taken).toEqual({ price: [1, 2, 3, 4], candle: [] });
      faults = {};
      await drained();
      expect(taken).toEqual({ price: [1, 2, 3, 4], candle: [1, 2, 3, 4] });
    });
  });
});
