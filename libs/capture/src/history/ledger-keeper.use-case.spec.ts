import { Test, type TestingModule } from '@nestjs/testing';
import { DAY, ExchangeError, HOUR, MINUTE, OriginMismatchError, SECOND, type TimeRange } from '@app/domain';
import { buildMinute, FakePorts, NO_PAUSES } from '@app/testing';
import { CaptureModule } from '../capture.module';
import { Pauses } from '../schedule/pauses';
import { SyncCandlesUseCase } from '../candles/sync-candles.use-case';
import type { CaptureSnapshot } from '../status/capture-snapshot';
import { CaptureStatus } from '../status/capture-status';
import { BackfillUseCase } from './backfill.use-case';
import { LedgerKeeperUseCase } from './ledger-keeper.use-case';

const MIDNIGHT = Date.UTC(2026, 0, 15) * 1_000;
const START = MIDNIGHT + 20 * SECOND;

describe('LedgerKeeperUseCase', () => {
  let ports: FakePorts;
  let module: TestingModule;
  const { signal } = new AbortController();

  async function start(): Promise<void> {
    ports.metrics.clear();
    const capture = CaptureModule.register({ process: 'test', capture: ['candles'], imports: [ports.module()] });
    module = await Test.createTestingModule({ imports: [capture] })
      .overrideProvider(Pauses)
      .useValue(NO_PAUSES)
      .compile();
  }

  const sync = (): Promise<unknown> => module.get(SyncCandlesUseCase).execute(signal);

  /** One keeper run; returns the ranges it asked for, in minutes since midnight. */
  async function keep(): Promise<number[][]> {
    ports.exchange.calls.length = 0;
    await module.get(LedgerKeeperUseCase).execute(signal);
    return ports.exchange.calls.flatMap(({ range }) =>
      range ? [[range.start, range.end].map((time) => (time - MIDNIGHT) / MINUTE)] : [],
    );
  }

  /** Minutes pass with live sync; returns what the keeper asked for after each. */
  async function live(
    minutes: number,
    onMinute: (minute: number, pages: number[][]) => void = () => undefined,
  ): Promise<number[][][]> {
    const asked: number[][][] = [];
    for (let minute = 0; minute < minutes; minute += 1) {
      ports.clock.advance(MINUTE);
      await sync();
      const pages = await keep();
      asked.push(pages);
      onMinute(minute, pages);
    }
    return asked;
  }

  const snapshot = (): CaptureSnapshot => module.get(CaptureStatus).snapshot();
  const missing = (range: TimeRange): Promise<readonly TimeRange[]> => ports.history.missing('BTCUSDT', range);
  const span = (start: number, end: number): TimeRange => ({
    start: MIDNIGHT + start * MINUTE,
    end: MIDNIGHT + end * MINUTE,
  });

  beforeEach(async () => {
    ports = FakePorts.at(START, { SYMBOLS: 'BTCUSDT', BACKFILL_DAYS: '0' });
    // Then everything comes over REST.
    ports.archive.isEnabled = false;
    await start();
    await sync();
    await live(3);
  });

  it('asks for nothing while live sync brings everything', async () => {
    expect((await live(10)).flat()).toEqual([]);
  });

  it('asks for a minute that is missing three minutes after its close and stores it as a repair', async () => {
    // Live sync never sees the minute; three minutes after its close the exchange has it.
    const hole = MIDNIGHT + 5 * MINUTE;
    ports.exchange.has = (_, time) => time !== hole;
    await live(12);
    expect([...ports.history.stopped]).toEqual([`BTCUSDT ${hole}`]);
    ports.history.stopped.clear();
    await start();
    await sync();
    ports.exchange.has = () => true;
    expect(await keep()).toEqual([[5, 6]]);
    expect(ports.history.fetched.at(-1)).toMatchObject({ kind: 'repair', range: span(5, 6) });
    expect(await missing(span(0, 12))).toEqual([]);
  });

  it('marks minutes of an exchange stop stopped: by the status while it lasts, by the later row afterwards', async () => {
    ports.exchange.has = (_, time) => time < MIDNIGHT + 5 * MINUTE;
    await live(10);
    expect(ports.history.stopped.size).toBe(0);
    ports.exchange.statuses.set('BTCUSDT', 'BREAK');
    await live(3);
    expect(ports.history.stopped.size).toBeGreaterThan(0);
    ports.exchange.statuses.set('BTCUSDT', 'TRADING');
    ports.exchange.has = (_, time) => time < MIDNIGHT + 5 * MINUTE || time >= MIDNIGHT + 20 * MINUTE;
    await live(80);
    expect(await missing(span(0, 90))).toEqual([]);
    expect(ports.history.stopped.size).toBe(15);
  });

  it('asks for an unanswered gap ever less often', async () => {
    ports.exchange.has = (_, time) => time < MIDNIGHT + 5 * MINUTE;
    const asked = (await live(240)).flat().length;
    // The newest minute each time, and the old ones now and then.
    expect(asked).toBeLessThan(300);
    const wholeGap = (await live(60)).flat().filter(([from]) => from === 5);
    expect(wholeGap.length).toBe(6);
  });

  it('asks for a minute whose row breaks the contract with growing pauses, says so meanwhile, and stores it in the end', async () => {
    const bad = MIDNIGHT + 5 * MINUTE;
    const detail = 'the row of 2026-01-15T00:05:00Z: volume is "1E+2"';
    ports.exchange.broken.set(`BTCUSDT ${bad}`, detail);
    const askedAt: number[] = [];
    await live(50, (minute, pages) => {
      if (pages.some(([from, to]) => from === 5 && to === 6)) askedAt.push(minute);
    });
    const [first = 0] = askedAt;
    expect(askedAt.map((minute) => minute - first)).toEqual([0, 1, 3, 7, 15, 25, 35]);
    expect(await missing(span(0, 50))).toEqual([span(5, 6)]);
    expect(ports.history.stopped.size).toBe(0);
    const health = snapshot();
    expect(health.state).toBe('degraded');
    expect(health.problem).toMatch(
      /^1 minute is left out of BTCUSDT \(the row of 2026-01-15T00:05:00Z: volume is "1E\+2"\); asked for again at 2026-01-15T\d\d:\d\d:00Z$/,
    );
    expect(health.left_out).toEqual([
      {
        symbol: 'BTCUSDT',
        start: '2026-01-15T00:05:00.000Z',
        end: '2026-01-15T00:06:00.000Z',
        reason: detail,
        retry_at: expect.any(String) as string,
      },
    ]);
    expect(Date.parse(health.left_out[0]?.retry_at ?? '') * 1_000).toBeGreaterThan(ports.clock.now() - MINUTE);
    ports.exchange.broken.clear();
    await live(11);
    expect(await missing(span(0, 50))).toEqual([]);
    expect(snapshot()).toMatchObject({ state: 'ok', problem: '', left_out: [] });
    expect(ports.logged).toEqual([`rows of BTCUSDT are left out: ${detail}`]);
  });

  it('asks for a new bad minute after one minute, although an old one is asked for every ten', async () => {
    ports.exchange.broken.set(`BTCUSDT ${MIDNIGHT + 5 * MINUTE}`, 'old');
    await live(40);
    ports.exchange.broken.set(`BTCUSDT ${MIDNIGHT + 46 * MINUTE}`, 'new');
    const askedAt: number[] = [];
    await live(25, (minute, pages) => {
      if (pages.some(([from, to]) => (from ?? 0) <= 46 && (to ?? 0) > 46)) askedAt.push(minute);
    });
    const [first = 0, second = 0, third = 0] = askedAt;
    expect([second - first, third - first]).toEqual([1, 3]);
  });

  it('forgets a left-out minute that somebody else has brought', async () => {
    const bad = MIDNIGHT + 5 * MINUTE;
    ports.exchange.broken.set(`BTCUSDT ${bad}`, 'bad');
    await live(15);
    expect(snapshot().left_out).toHaveLength(1);
    ports.history.stored.set(`BTCUSDT ${bad}`, buildMinute('BTCUSDT', bad));
    await live(1);
    expect(snapshot().left_out).toEqual([]);
  });

  it('asks for the symbols at most once a minute', async () => {
    ports.exchange.has = () => false;
    ports.clock.advance(30 * MINUTE);
    await sync();
    await keep();
    expect(ports.exchange.calls.filter(({ method }) => method === 'symbols').length).toBeLessThanOrEqual(1);
    await keep();
    expect(ports.exchange.calls).toEqual([]);
  });

  it('leaves the last day to the catch-up after a restart and repairs what is older', async () => {
    ports.clock.advance(3 * DAY);
    await start();
    expect(await keep()).toEqual([]);
    await sync();
    // Newest first, up to where the catch-up began: a day before the last closed minute.
    expect(await keep()).toEqual([
      [2_003, 2_883],
      [1_003, 2_003],
      [3, 1_003],
    ]);
    expect(ports.history.fetched.every(({ kind }) => kind === 'repair')).toBe(true);
    expect(await missing(span(0, 3 * 1_440))).toEqual([]);
    expect(await keep()).toEqual([]);
  });

  it('leaves the range of the backfill alone until that is through with the symbol', async () => {
    ports = FakePorts.at(START, { SYMBOLS: 'BTCUSDT', BACKFILL_DAYS: '1' });
    await start();
    ports.exchange.has = () => false;
    await sync();
    await live(5);
    expect((await live(1)).flat().every(([from]) => (from ?? -1) >= 0)).toBe(true);
    await module.get(BackfillUseCase).execute(signal);
    ports.exchange.has = () => true;
    ports.clock.advance(2 * HOUR);
    await sync();
    await keep();
    expect(await missing(span(-1_440, 100))).toEqual([]);
    const { history } = ports;
    expect(new Set(history.fetched.filter(({ range }) => range.start < MIDNIGHT).map(({ kind }) => kind))).toEqual(
      new Set(['backfill']),
    );
  });

  it('stands aside while events wait, the exchange is away or the store refuses', async () => {
    ports.clock.advance(2 * DAY);
    await sync();
    Object.assign(ports.publisher.current, { waitingEvents: 1, waitingBytes: 1, detail: 'away' });
    expect(await keep()).toEqual([]);
    Object.assign(ports.publisher.current, { waitingEvents: 0, waitingBytes: 0, detail: '' });
    ports.exchange.fault = () => new ExchangeError('unreachable', 'timed out');
    expect(await keep()).toHaveLength(1);
    ports.exchange.fault = () => undefined;
    ports.history.fault = new OriginMismatchError('the store', 'binance', 'simulator:test');
    expect(await keep()).toHaveLength(1);
    expect(await keep()).toEqual([]);
  });

  it('says no longer that past minutes are refused once nothing is missing, whoever brought them', async () => {
    const hole = MIDNIGHT + 5 * MINUTE;
    ports.exchange.has = (_, time) => time !== hole;
    // Whatever else it is asked, it answers.
    ports.exchange.current = { state: 'ok', detail: '' };
    await live(6);
    for (const failure of ['unreachable', 'failing'] as const) {
      ports.exchange.has = (_, time) => time !== hole;
      ports.history.stored.delete(`BTCUSDT ${hole}`);
      ports.history.stopped.clear();
      ports.exchange.fault = ({ range }) =>
        range && range.start <= hole && range.end === hole + MINUTE ? new ExchangeError(failure, 'no') : undefined;
      ports.clock.advance(10 * MINUTE);
      await sync();
      await keep();
      expect(snapshot().problem).toMatch(/^past minutes( of BTCUSDT)?: (no answer|refused) \(no\)/);
      ports.exchange.fault = () => undefined;
      ports.history.stored.set(`BTCUSDT ${hole}`, buildMinute('BTCUSDT', hole));
      ports.clock.advance(10 * MINUTE);
      await sync();
      await keep();
      expect(snapshot()).toMatchObject({ state: 'ok', refusals: [] });
    }
  });

  it('should take whole days of a long downtime from the archive, and count them as repaired', async () => {
    ports.archive.isEnabled = true;
    const day = MIDNIGHT + DAY;
    const candles = Array.from({ length: 1_440 }, (_, index) => buildMinute('BTCUSDT', day + index * MINUTE));
    ports.archive.put('BTCUSDT', day, { candles, origin: 'simulator:test' });
    ports.clock.advance(3 * DAY);
    await sync();
    expect(await keep()).toEqual([
      [2_880, 2_883],
      [1_003, 1_440],
      [3, 1_003],
    ]);
    expect(ports.history.days).toMatchObject([{ range: { start: day }, file: { kind: 'archive' } }]);
    expect(new Set(ports.history.fetched.map(({ kind }) => kind))).toEqual(new Set(['repair']));
    expect(await missing(span(0, 2_883))).toEqual([]);
  });
});
