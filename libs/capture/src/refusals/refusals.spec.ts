import { HOUR, MINUTE } from '@app/domain';
import { createLogger, MetricsRegistry } from '@app/observability';
import { alignedOver, FakeClock } from '@app/testing';
import { CaptureMetrics } from '../status/capture-metrics';
import { Refusals } from './refusals';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;

describe('Refusals', () => {
  it.each([0, HOUR, -HOUR, 26 * HOUR])(
    'should say once an hour what lasts, and neither sooner nor later when the clock is set by %d µs',
    (step) => {
      const said: string[] = [];
      const clock = new FakeClock(NOON);
      const logger = createLogger('warn', 'test', { write: (line: string) => void said.push(line) });
      const refusals = new Refusals(clock, new CaptureMetrics(new MetricsRegistry(), alignedOver(clock)), logger);
      const refuse = (): void => {
        const retryAt = clock.now() + MINUTE;
        refusals.refused('tickers', ['BTCUSDT'], { failure: 'rejected', reason: 'HTTP 400', retryAt });
      };
      refuse();
      clock.step(step);
      clock.advance(HOUR - 1);
      refuse();
      expect(said).toHaveLength(1);
      clock.advance(1);
      refuse();
      expect(said).toHaveLength(2);
    },
  );
});
