import { Test } from '@nestjs/testing';
import { CaptureModule } from '@app/capture';
import { HOUR, LiveFlow, MINUTE, type PartitionSink } from '@app/domain';
import { BrokerLiveFlow } from '@app/messaging';
import { createLogger } from '@app/observability';
import { FakeClock, FakeLiveFlow, FakePorts } from '@app/testing';
import { eventually } from '../../support/app-process';
import { NOON } from '../../support/test-store';

interface Subject {
  readonly flow: LiveFlow;
  /** Everything that has happened so far is handed over. */
  deliver(): Promise<void>;
  /** More has happened, and has been on its way for minutes. */
  delay(): Promise<void>;
  dispose(): Promise<void>;
}

const SYMBOL = 'BTCUSDT';

/** Of a process that captures, in which the publisher holds what the store does not take. */
async function captureSubject(clock: FakeClock): Promise<Subject> {
  const ports = new FakePorts(clock, { SYMBOLS: SYMBOL, BACKFILL_DAYS: '0' });
  const capture = CaptureModule.register({ process: 'test', capture: ['candles'], imports: [ports.module()] });
  const module = await Test.createTestingModule({ imports: [capture] }).compile();
  const flow = module.get(LiveFlow, { strict: false });
  const idle = ports.publisher.current;
  return {
    flow,
    deliver: async () => {
      ports.publisher.current = idle;
      await module.init();
      await eventually('the exchange has answered', () => Promise.resolve(flow.reach(SYMBOL)));
    },
    delay: () => {
      clock.advance(3 * MINUTE);
      ports.publisher.current = { ...idle, waitingEvents: 1 };
      return Promise.resolve();
    },
    dispose: () => module.close(),
  };
}

/** Of a consumer, which compares what the broker has with what the store has. */
function brokerSubject(clock: FakeClock): Promise<Subject> {
  const topic = 'crypto_candles';
  let [latest, nextOffset] = [7, 0];
  const broker = { extents: () => Promise.resolve(new Map([[0, { earliest: 0, latest }]])) };
  const sink = { positions: () => Promise.resolve([{ topic, partition: 0, nextOffset }]) };
  const flow = new BrokerLiveFlow(
    broker as unknown as ConstructorParameters<typeof BrokerLiveFlow>[0],
    sink as unknown as PartitionSink,
    [topic],
    clock,
    createLogger('silent', 'test'),
  );
  return Promise.resolve({
    flow,
    deliver: async () => {
      nextOffset = latest;
      // The first of the looks that come by the second answers for the ends that were noted before.
      await flow.look();
      await flow.look();
    },
    delay: async () => {
      latest += 1;
      await flow.look();
      clock.advance(3 * MINUTE);
      await flow.look();
    },
    dispose: () => Promise.resolve(),
  });
}

function fakeSubject(clock: FakeClock): Promise<Subject> {
  const flow = new FakeLiveFlow();
  return Promise.resolve({
    flow,
    deliver: () => {
      [flow.reached, flow.waiting] = [clock.now(), false];
      return Promise.resolve();
    },
    delay: () => {
      clock.advance(3 * MINUTE);
      flow.waiting = true;
      return Promise.resolve();
    },
    dispose: () => Promise.resolve(),
  });
}

describe.each([
  ['of a process that captures', captureSubject],
  ['of a consumer', brokerSubject],
  ['the fake', fakeSubject],
])('the contract of LiveFlow: %s', (_, make) => {
  let clock: FakeClock;
  let subject: Subject;

  beforeEach(async () => {
    clock = new FakeClock(NOON);
    subject = await make(clock);
  });

  afterEach(() => subject.dispose());

  it('should reach nowhere before anything is known', () => {
    expect(subject.flow.reach(SYMBOL)).toBeUndefined();
  });

  it('should reach as far as was handed over, which is never what is yet to come', async () => {
    await subject.deliver();
    const reach = subject.flow.reach(SYMBOL);
    expect(reach).toBeLessThanOrEqual(NOON);
    expect(reach).toBeGreaterThan(NOON - 2 * MINUTE);
    expect(subject.flow.waiting).toBe(false);
  });

  it('should reach no further because time goes by', async () => {
    await subject.deliver();
    const reach = subject.flow.reach(SYMBOL);
    clock.advance(HOUR);
    expect(subject.flow.reach(SYMBOL)).toBe(reach);
  });

  it('should say that events are on their way until they were handed over, and not fall back meanwhile', async () => {
    await subject.deliver();
    const reach = subject.flow.reach(SYMBOL);
    await subject.delay();
    expect([subject.flow.waiting, subject.flow.reach(SYMBOL)]).toEqual([true, reach]);
    await subject.deliver();
    expect(subject.flow.waiting).toBe(false);
    expect(subject.flow.reach(SYMBOL)).toBeGreaterThanOrEqual(reach ?? Infinity);
  });
});
