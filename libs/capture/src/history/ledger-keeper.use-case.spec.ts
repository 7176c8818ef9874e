import { Test, type TestingModule } from '@nestjs/testing';
import { DAY, ExchangeError, HOUR, MINUTE, OriginMismatchError, SECOND, type TimeRange } from '@app/domain';
import { FakePorts } from '@app/testing';
import { CaptureModule } from '../capture.module';
import { SyncCandlesUseCase } from '../candles/sync-candles.use-case';
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
    module = await Test.createTestingModule({ imports: [capture] }).compile();
  }

  const sync = (): Promise<void> => module.get(SyncCandlesUseCase).execute(signal);

  /** One keeper run; returns the ranges it asked for, in minutes since midnight. */
  async function keep(): Promise<number[][]> {
    ports.exchange.calls.length = 0;
    await module.get(LedgerKeeperUseCase).execute(signal);
    return ports.exchange.calls.flatMap(({ range }) =>
      range ? [[range.start, range.end].map((time) => (time - MIDNIGHT) / MINUTE)] : [],
    );
  }

  /** Minutes pass with live sync; returns what the keeper asked for after each. */
  async function live(minutes: number): Promise<number[][][]> {
    const asked: number[][][] = [];
    for (let minute = 0; minute < minutes; minute += 1) {
      ports.clock.advance(MINUTE);
      await sync();
      asked.push(await keep());
    }
    return asked;
  }

  const missing = (range: TimeRange): Promise<readonly TimeRange[]> => ports.history.missing('BTCUSDT', range);
  const span = (start: number, end: number): TimeRange => ({
    start: MIDNIGHT + start * MINUTE,
    end: MIDNIGHT + end * MINUTE,
  });

  beforeEach(async () => {
    ports = FakePorts.at(START, { SYMBOLS: 'BTCUSDT', BACKFILL_DAYS: '0' });
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
    expect(wholeGap.length).toBeLessThanOrEqual(2);
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
    ports.publisher.current = { waitingEvents: 1, waitingBytes: 1, detail: 'away', lost: [] };
    expect(await keep()).toEqual([]);
    ports.publisher.current = { waitingEvents: 0, waitingBytes: 0, detail: '', lost: [] };
    ports.exchange.fault = () => new ExchangeError('unreachable', 'timed out');
    expect(await keep()).toHaveLength(1);
    ports.exchange.fault = () => undefined;
    ports.history.fault = new OriginMismatchError('the store', 'binance', 'simulator:test');
    expect(await keep()).toHaveLength(1);
    expect(await keep()).toEqual([]);
  });
});
