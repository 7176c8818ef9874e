import { HOUR, MINUTE } from '@app/domain';
import { createLogger } from '@app/observability';
import { FakeClock } from '@app/testing';
import { ExchangeState } from './exchange-state';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;

describe('ExchangeState', () => {
  let clock: FakeClock;
  let state: ExchangeState;

  beforeEach(() => {
    clock = new FakeClock(NOON);
    state = new ExchangeState(clock, createLogger('silent', 'test'));
    state.answered('host', clock.now(), false);
  });

  it.each([0, HOUR, -HOUR, 26 * HOUR])(
    'should let a good answer count for five minutes when the clock is set by %d µs meanwhile',
    (step) => {
      clock.step(step);
      clock.advance(5 * MINUTE - 1);
      state.refused('HTTP 400');
      expect(state.state).toBe('ok');
      clock.advance(1);
      state.refused('HTTP 400');
      expect(state.state).toBe('failing');
    },
  );

  it('should not call the exchange unreachable for one request, while others were answered a moment ago', () => {
    state.unansweredSince(performance.now() - 5_000, 'no answer');
    expect(state.state).toBe('ok');
    state.unansweredSince(performance.now() + 1, 'no answer');
    expect(state).toMatchObject({ state: 'unreachable', detail: 'no answer' });
  });

  it.each([HOUR, -HOUR])('should show the last answer by the clock as it is set now, by %d µs', (step) => {
    clock.step(step);
    clock.advance(MINUTE);
    state.answered('host', clock.now(), false);
    expect(state.lastAnswerAt).toBe(NOON + step + MINUTE);
  });
});
