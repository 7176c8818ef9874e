import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventKinds, OriginMismatchError, SECOND, type EventPublisher, type OutgoingEvent } from '@app/domain';
import { DirectPublisher, RejectedLog, Spool } from '@app/messaging';
import { createLogger, MetricsRegistry } from '@app/observability';
import { FakeClock, FakeEventPublisher, FakeEventSink } from '@app/testing';
import { batchOf, NOON, ORIGIN, priceEvent } from '../../support/test-store';

interface Subject {
  readonly publisher: EventPublisher;
  /** What has been handed on, in its order. */
  taken(): readonly OutgoingEvent[];
  dispose(): Promise<void>;
}

function directSubject(): Subject {
  const folder = mkdtempSync(join(tmpdir(), 'csp-publisher-'));
  const sink = new FakeEventSink();
  const publisher = new DirectPublisher(
    sink,
    Spool.open({ folder: join(folder, 'spool'), maxBytes: 1_048_576, kinds: eventKinds('crypto_prices').names }),
    new RejectedLog(join(folder, 'rejected.jsonl'), new FakeClock(NOON)),
    createLogger('silent', 'test'),
    new MetricsRegistry(),
  );
  return {
    publisher,
    taken: () => sink.taken,
    dispose: async () => {
      await publisher.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function fakeSubject(): Subject {
  const publisher = new FakeEventPublisher();
  return { publisher, taken: () => publisher.events, dispose: () => Promise.resolve() };
}

const events = (from: number, count: number, symbol = 'BTCUSDT'): OutgoingEvent[] =>
  Array.from({ length: count }, (_, index) => priceEvent(symbol, NOON + (from + index) * SECOND));

describe.each([
  ['direct', directSubject],
  ['the fake', fakeSubject],
])('the contract of EventPublisher: %s', (_, make) => {
  let subject: Subject;
  let publisher: EventPublisher;

  beforeEach(() => {
    subject = make();
    ({ publisher } = subject);
  });

  afterEach(() => subject.dispose());

  it('should have handed events on when it resolves, and nothing waits then', async () => {
    await publisher.publish(batchOf(...events(0, 3)));
    expect(subject.taken()).toEqual(events(0, 3));
    await publisher.publish(batchOf());
    expect(subject.taken()).toHaveLength(3);
    expect(publisher.status()).toEqual({
      waitingEvents: 0,
      waitingBytes: 0,
      detail: '',
      lost: [],
      unreadable: [],
      kinds: [],
    });
  });

  it('should keep the order of calls that do not wait for each other', async () => {
    const batches = Array.from({ length: 20 }, (_batch, index) => [
      ...events(index * 2, 2),
      ...events(index, 1, 'ETHUSDT'),
    ]);
    await Promise.all(batches.map((batch) => publisher.publish(batchOf(...batch))));
    for (const symbol of ['BTCUSDT', 'ETHUSDT']) {
      const ofSymbol = (list: readonly OutgoingEvent[]): OutgoingEvent[] =>
        list.filter((event) => event.symbol === symbol);
      expect(ofSymbol(subject.taken())).toEqual(ofSymbol(batches.flat()));
    }
  });

  it('should reject what may not be mixed in, and go on with what may', async () => {
    await publisher.publish(batchOf(...events(0, 1)));
    const other = { origin: 'simulator:other', events: events(1, 1) };
    for (let times = 0; times < 2; times += 1) {
      const error: unknown = await publisher.publish(other).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(OriginMismatchError);
      expect(error).toMatchObject({ code: 'STORE.ORIGIN_MISMATCH', stored: ORIGIN, offered: other.origin });
    }
    await publisher.publish(batchOf(...events(2, 1)));
    expect(subject.taken()).toEqual([...events(0, 1), ...events(2, 1)]);
    expect(publisher.status()).toMatchObject({ waitingEvents: 0, lost: [] });
  });
});
