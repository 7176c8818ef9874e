import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { APP_CONFIG, loadConfig } from '@app/config';
import {
  Clock,
  EventKinds,
  eventKinds,
  EventPublisher,
  EventSink,
  serializePriceEvent,
  type EventBatch,
} from '@app/domain';
import { createLogger, LOGGER, MetricsRegistry } from '@app/observability';
import { FakeClock, FakeEventSink } from '@app/testing';
import { MessagingModule } from './messaging.module';
import { Spool } from './spool/spool';

const KINDS = eventKinds('crypto_prices');
const PRICE = {
  timestamp: 1,
  symbol: 'BTCUSDT',
  lastPrice: '68001.20',
  priceChangePercent: '-1.250',
  volume: '24567.123',
  source: 'test',
};
const BATCH: EventBatch = {
  origin: 'simulator:test',
  events: [{ kind: 'price', symbol: 'BTCUSDT', capturedAt: 1, value: serializePriceEvent(PRICE) }],
};

describe('MessagingModule', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'messaging-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('hands on at its start what an earlier process left, and frees the spool at its end', async () => {
    const spoolFolder = join(folder, 'spool');
    const earlier = Spool.open({ folder: spoolFolder, maxBytes: 1_048_576, kinds: KINDS.names });
    earlier.append(BATCH);
    earlier.close();

    const sink = new FakeEventSink();
    const config = loadConfig({ INGEST_STATE_DIR: folder }, '/');

    @Global()
    @Module({
      providers: [
        { provide: APP_CONFIG, useValue: config },
        { provide: EventKinds, useValue: KINDS },
        { provide: LOGGER, useValue: createLogger('silent', 'test') },
        { provide: MetricsRegistry, useValue: new MetricsRegistry() },
        { provide: Clock, useValue: new FakeClock(0) },
      ],
      exports: [APP_CONFIG, EventKinds, LOGGER, MetricsRegistry, Clock],
    })
    class Surroundings {}

    @Module({ providers: [{ provide: EventSink, useValue: sink }], exports: [EventSink] })
    class Sinks {}

    const module = await Test.createTestingModule({
      imports: [Surroundings, MessagingModule.direct([Sinks])],
    }).compile();
    await module.init();
    const publisher = module.get(EventPublisher, { strict: false });
    while (publisher.status().waitingEvents > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(sink.taken).toEqual(BATCH.events.map((event) => expect.objectContaining(event) as unknown));

    await module.close();
    expect(() => {
      Spool.open({ folder: spoolFolder, maxBytes: 1_048_576, kinds: KINDS.names }).close();
    }).not.toThrow();
  });
});
