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

  describe('an answer to a probe', () => {
    /** Later than everything that came so far. */
    const later = () => performance.now() + 1;

    it('should end silence that a probe has found, also where a request has found it too', () => {
      state.probeUnansweredSince(later(), 'no answer');
      state.heard();
      state.unreachable(performance.now() - 5_000, 'no answer');
      state.present('host');
      expect(state.state).toBe('ok');
    });

    it('should end silence in which nothing came since a request began', () => {
      state.unreachable(later(), 'no answer');
      state.present('host');
      expect(state.state).toBe('ok');
    });

    it('should not end that a request goes unanswered while probes get through, until silence follows', () => {
      const began = performance.now();
      state.heard();
      state.unreachable(began, 'no answer');
      for (let probe = 0; probe < 3; probe += 1) state.present('host');
      expect(state).toMatchObject({ state: 'unreachable', detail: 'no answer' });
      state.probeUnansweredSince(later(), 'no answer');
      state.present('host');
      expect(state.state).toBe('ok');
    });

    it('should not end it a second time for requests that fail before any probe, while none is answered', () => {
      state.unreachable(later(), 'reset');
      state.present('host');
      expect(state.state).toBe('ok');
      for (let poll = 0; poll < 3; poll += 1) {
        state.unreachable(later(), 'reset');
        state.present('host');
        expect(state.state).toBe('unreachable');
      }
      state.answered('host', clock.now(), false);
      state.unreachable(later(), 'reset');
      state.present('host');
      expect(state.state).toBe('ok');
    });

    it('should not end what came after silence: that the exchange is in trouble, and then does not answer requests', () => {
      state.probeUnansweredSince(later(), 'no answer');
      state.failing('HTTP 500');
      state.present('host');
      expect(state.state).toBe('failing');
      state.unreachable(performance.now() - 5_000, 'no answer');
      state.present('host');
      expect(state.state).toBe('unreachable');
    });
  });

  it.each([HOUR, -HOUR])('should show the last answer by the clock as it is set now, by %d µs', (step) => {
    clock.step(step);
    clock.advance(MINUTE);
    state.answered('host', clock.now(), false);
    expect(state.lastAnswerAt).toBe(NOON + step + MINUTE);
  });
});
