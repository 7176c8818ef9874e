import { Test, type TestingModule } from '@nestjs/testing';
import { DAY, ExchangeError, HOUR, MILLISECOND, MINUTE, SECOND, parsePriceEvent, type EpochMicros } from '@app/domain';
import { FakePorts } from '@app/testing';
import { CaptureModule } from '../capture.module';
import { Pauses } from '../schedule/pauses';
import { CaptureStatus } from '../status/capture-status';
import { PollTickersUseCase } from '../tickers/poll-tickers.use-case';
import { ExchangeTime } from './exchange-time';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;

describe('ExchangeTime', () => {
  let ports: FakePorts;
  let module: TestingModule;
  /** Pauses in real milliseconds, none of which takes time but on the fake clock. */
  let waits: number[];

  const time = (): ExchangeTime => module.get(ExchangeTime);
  const poll = (): Promise<unknown> => module.get(PollTickersUseCase).execute();
  const snapshot = () => module.get(CaptureStatus).snapshot();
  const calls = (method: string): number => ports.exchange.calls.filter((call) => call.method === method).length;
  /** How far the stamps of what was published are ahead of the time at NOON. */
  const stamps = (): EpochMicros[] =>
    ports.publisher.events.map(({ value }) => parsePriceEvent(value).timestamp - NOON);
  const refuseTime = (failure: 'not_found' | 'unreachable'): void => {
    ports.exchange.fault = ({ method }) =>
      method === 'serverTime' ? new ExchangeError(failure, 'no such route') : undefined;
  };

  async function create(): Promise<void> {
    ports = FakePorts.at(NOON, { SYMBOLS: 'BTCUSDT' });
    waits = [];
    const pauses: Pick<Pauses, 'wait' | 'atMost'> = {
      wait: (millis) => {
        waits.push(millis);
        ports.clock.advance(millis * MILLISECOND);
        return Promise.resolve();
      },
      atMost: (_, work) => work,
    };
    const capture = CaptureModule.register({ process: 'test', capture: ['tickers'], imports: [ports.module()] });
    module = await Test.createTestingModule({ imports: [capture] })
      .overrideProvider(Pauses)
      .useValue(pauses)
      .compile();
  }

  async function metric(name: string): Promise<number | undefined> {
    const { values } = await ports.metrics.getSingleMetric(name)!.get();
    return values[0]?.value;
  }

  beforeEach(create);

  it('is read before anything is captured, then every ten minutes', async () => {
    await poll();
    expect(ports.exchange.calls.map(({ method }) => method)).toEqual(['serverTime', 'tickers']);
    for (let minute = 0; minute < 30; minute += 1) {
      ports.clock.advance(MINUTE);
      await poll();
    }
    expect(calls('serverTime')).toBe(4);
  });

  it('is read once for all that begins at the same time', async () => {
    await Promise.all([poll(), time().ready(), time().ready(), poll()]);
    expect(calls('serverTime')).toBe(1);
  });

  it.each([-400 * DAY, 400 * DAY, -6 * SECOND, 26 * HOUR])(
    'stamps the first event by the exchange when the local clock is %d µs away',
    async (away) => {
      ports.exchange.skew = away;
      await poll();
      expect(stamps()).toEqual([away + 2 * SECOND]);
      expect(waits).toEqual([2_000]);
      expect(snapshot()).toMatchObject({ state: 'degraded', clock: { state: 'corrected', time_of: 'exchange' } });
    },
  );

  it.each([HOUR, -HOUR, DAY, -DAY])('is read again at once when the local clock is set by %d µs', async (step) => {
    await poll();
    ports.clock.advance(MINUTE);
    ports.clock.step(step);
    ports.exchange.skew = -step;
    await poll();
    expect(calls('serverTime')).toBe(2);
    ports.clock.advance(MINUTE);
    await poll();
    expect(calls('serverTime')).toBe(2);
    expect(stamps()).toEqual([0, MINUTE, 2 * MINUTE]);
    expect(snapshot().clock).toMatchObject({ state: 'corrected', offset_ms: -step / MILLISECOND });
    // Put right again.
    ports.clock.step(-step);
    ports.exchange.skew = 0;
    await poll();
    expect(calls('serverTime')).toBe(3);
    expect(snapshot()).toMatchObject({ state: 'ok', problem: '', clock: { state: 'ok', time_of: 'local' } });
  });

  it('asks again for an answer during which the clock was set: nobody knows when it came', async () => {
    await poll();
    let set = false;
    ports.exchange.fault = ({ method }) => {
      if (method === 'tickers' && !set) {
        set = true;
        ports.clock.step(2 * HOUR);
      }
      return undefined;
    };
    await poll();
    expect([calls('tickers'), calls('serverTime')]).toEqual([3, 3]);
    // The machine had slept: the exchange's time is what the local clock says.
    expect(stamps()).toEqual([0, 2 * HOUR + 2 * SECOND]);
  });

  it('asks again for an answer during which the clock was set, though its time was read before the answer came', async () => {
    await poll();
    let set = false;
    const tickers = ports.exchange.tickers.bind(ports.exchange);
    jest.spyOn(ports.exchange, 'tickers').mockImplementation(async (symbols, signal) => {
      const answer = await tickers(symbols, signal);
      if (!set) {
        set = true;
        ports.clock.step(2 * HOUR);
        await time().ready();
      }
      return answer;
    });
    await poll();
    expect(stamps()).toEqual([0, 2 * HOUR + 2 * SECOND]);
  });

  it.each([
    [2 * SECOND, 'ok', []],
    [-2 * SECOND, 'ok', []],
    [2 * SECOND + 10 * MILLISECOND, 'skewed', [expect.stringContaining('2.0 s behind')]],
    [-3 * SECOND, 'skewed', [expect.stringContaining("3.0 s ahead of the exchange's")]],
    [5 * SECOND, 'skewed', [expect.stringContaining('5.0 s behind')]],
  ])('says a skew of %d µs in health without degrading it: %s', async (skew, state, notes) => {
    ports.exchange.skew = skew;
    await poll();
    expect(snapshot()).toMatchObject({ state: 'ok', problem: '', notes, clock: { state, time_of: 'local' } });
    expect(await metric('csp_clock_offset_seconds')).toBe(skew / SECOND);
    expect(await metric('csp_clock_follows_exchange')).toBe(0);
    expect(stamps()).toEqual([0]);
    expect(ports.logged).toHaveLength(state === 'ok' ? 0 : 1);
  });

  it('degrades health beyond five seconds, says what is done, and says it once in the log', async () => {
    ports.exchange.skew = 5 * SECOND + 10 * MILLISECOND;
    await poll();
    ports.clock.advance(20 * MINUTE);
    await poll();
    const { state, problem, notes } = snapshot();
    expect(state).toBe('degraded');
    expect(problem).toMatch(/the local clock is 5\.0 s behind the exchange's: events are stamped .* by the time of/);
    expect(notes).toEqual([]);
    expect(await metric('csp_clock_follows_exchange')).toBe(1);
    expect(await metric('csp_clock_reading_age_seconds')).toBe(0);
    expect(ports.logged).toEqual([problem]);
  });

  it('goes on by the local clock where the exchange does not tell its time, says so, and corrects it later', async () => {
    refuseTime('not_found');
    await poll();
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect(stamps()).toEqual([15 * SECOND]);
    expect(snapshot()).toMatchObject({
      state: 'degraded',
      problem: 'server time: refused (no such route); asked for again at 2026-01-15T12:01:15Z',
      notes: ['the exchange does not tell its time (no such route): the local clock is used'],
      clock: { state: 'unknown', offset_ms: null, time_of: 'local' },
    });
    expect(await metric('csp_clock_offset_seconds')).toBeNaN();
    ports.exchange.fault = () => undefined;
    ports.exchange.skew = HOUR;
    ports.clock.advance(10 * MINUTE);
    await poll();
    expect(stamps().at(-1)).toBe(HOUR + 10 * MINUTE + 17 * SECOND);
    expect(snapshot().clock).toMatchObject({ state: 'corrected' });
  });

  it('asks less and less often for a time that is refused', async () => {
    refuseTime('not_found');
    await poll();
    const asked: number[] = [];
    for (let minute = 1; minute <= 60; minute += 1) {
      const before = calls('serverTime');
      ports.clock.advance(MINUTE);
      await poll();
      if (calls('serverTime') > before) asked.push(minute);
    }
    expect(asked).toEqual([1, 3, 7, 15, 25, 35, 45, 55]);
    expect(calls('tickers')).toBe(61);
  });

  it('reads the time first when an exchange that was away is back, however long that took', async () => {
    ports.exchange.skew = -DAY;
    ports.exchange.fault = () => new ExchangeError('unreachable', 'connection refused');
    for (let minute = 0; minute < 40; minute += 1) {
      await poll();
      ports.clock.advance(MINUTE);
    }
    ports.exchange.fault = () => undefined;
    ports.exchange.calls.length = 0;
    await poll();
    expect(ports.exchange.calls.map(({ method }) => method)).toEqual(['serverTime', 'serverTime', 'tickers']);
    expect(stamps()).toEqual([40 * MINUTE - DAY + 17 * SECOND]);
  });

  it('keeps to what it knows while the time is refused after a step', async () => {
    await poll();
    refuseTime('not_found');
    ports.clock.step(-HOUR);
    ports.clock.advance(MINUTE);
    await poll();
    expect(stamps()).toEqual([0, MINUTE]);
    expect(snapshot().clock.detail).toContain('read 60.0 s ago, and not since (no such route)');
  });

  it.each([
    ['stands still', () => (ports.exchange.skew -= 2 * SECOND)],
    ['jumps', () => (ports.exchange.skew += HOUR)],
  ])("does not believe an exchange's clock that %s", async (_, change) => {
    ports.exchange.skew = -3_000 * DAY;
    ports.exchange.fault = ({ method }) => {
      if (method === 'serverTime') change();
      return undefined;
    };
    await poll();
    expect(stamps()).toEqual([ports.clock.now() - NOON]);
    expect(snapshot()).toMatchObject({
      state: 'degraded',
      clock: { state: 'unknown', detail: expect.stringContaining('two readings of the exchange') as string },
    });
  });

  it('measures late polls by the monotonic clock: a clock that is set makes none late, and hides none', async () => {
    await poll();
    ports.clock.step(400 * DAY);
    expect(module.get(CaptureStatus).problem()).toBe('');
    ports.clock.advance(200 * SECOND);
    ports.clock.step(-401 * DAY);
    expect(module.get(CaptureStatus).problem()).toContain('the last poll was 200 s ago');
  });
});
