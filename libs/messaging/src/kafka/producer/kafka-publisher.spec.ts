import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OriginMismatchError, type EventBatch } from '@app/domain';
import { createLogger, MetricsRegistry } from '@app/observability';
import { FakeClock } from '@app/testing';
import { IngestState } from '../../ingest-state/ingest-state';
import { RejectedLog } from '../../publisher/rejected-log';
import { Spool } from '../../spool/spool';
import type { KafkaEventTarget } from './kafka-event-target';
import { KafkaPublisher } from './kafka-publisher';

function batch(origin: string): EventBatch {
  return { origin, events: [{ kind: 'price', symbol: 'BTCUSDT', capturedAt: 1, value: '{}' }] };
}

describe('KafkaPublisher', () => {
  let folder: string;
  let publisher: KafkaPublisher;
  const calls: string[] = [];

  function create(): KafkaPublisher {
    const target = {
      name: 'Kafka',
      take: ({ origin }: EventBatch) => Promise.resolve(void calls.push(origin)),
      close: () => Promise.resolve(void calls.push('close')),
    } as unknown as KafkaEventTarget;
    const logger = createLogger('silent', 'test');
    const state = new IngestState(join(folder, 'state.json'), logger);
    const spool = Spool.open({ folder: join(folder, 'spool'), maxBytes: 1_048_576 });
    const rejected = new RejectedLog(join(folder, 'rejected.jsonl'), new FakeClock(0));
    publisher = new KafkaPublisher(target, state, spool, rejected, logger, new MetricsRegistry());
    closeState = () => {
      state.beforeApplicationShutdown();
    };
    return publisher;
  }
  let closeState: () => void = () => undefined;

  beforeEach(() => {
    calls.length = 0;
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
    expect(calls.filter((call) => call !== 'close')).toEqual(['simulator:7', 'simulator:7']);
  });

  it('should let go of the broker after its own work', async () => {
    create();
    const sent = publisher.publish(batch('binance'));
    await publisher.close();
    await sent;
    expect(calls).toEqual(['binance', 'close']);
  });
});
