import { HOUR, MINUTE, SECOND, type PartitionSink } from '@app/domain';
import { createLogger } from '@app/observability';
import { FakeClock } from '@app/testing';
import { BrokerLiveFlow } from './broker-live-flow';
import type { KafkaBrokerView } from './kafka-broker-view';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;
const TOPIC = 'crypto_candles';

describe('BrokerLiveFlow', () => {
  let clock: FakeClock;
  let latest: number;
  let nextOffset: number;
  let flow: BrokerLiveFlow;

  beforeEach(() => {
    clock = new FakeClock(NOON);
    [latest, nextOffset] = [7, 7];
    const extents = () => Promise.resolve(new Map([[0, { earliest: 0, latest }]]));
    const positions = () => Promise.resolve([{ topic: TOPIC, partition: 0, nextOffset }]);
    flow = new BrokerLiveFlow(
      { extents } as unknown as KafkaBrokerView,
      { positions } as unknown as PartitionSink,
      [TOPIC],
      clock,
      createLogger('silent', 'test'),
    );
  });

  it('should reach as far as the look after which the store had everything', async () => {
    expect([flow.reach(), flow.waiting]).toEqual([undefined, true]);
    await flow.look();
    clock.advance(MINUTE);
    expect([flow.reach(), flow.waiting]).toEqual([NOON, false]);
    latest = 8;
    await flow.look();
    clock.advance(MINUTE + 1);
    expect([flow.reach(), flow.waiting]).toEqual([NOON, true]);
    nextOffset = 8;
    await flow.look();
    expect([flow.reach(), flow.waiting]).toEqual([NOON + MINUTE, false]);
  });

  it.each([HOUR, -HOUR, 26 * HOUR])(
    'should be as far behind as before when the clock is set by %d µs',
    async (step) => {
      await flow.look();
      clock.step(step);
      expect([flow.reach(), flow.waiting]).toEqual([NOON + step, false]);
      clock.advance(2 * MINUTE);
      expect([flow.reach(), flow.waiting]).toEqual([NOON + step, false]);
      clock.advance(SECOND);
      expect([flow.reach(), flow.waiting]).toEqual([NOON + step, true]);
    },
  );
});
