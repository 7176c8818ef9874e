import { Test, type TestingModule } from '@nestjs/testing';
import { ArchiveError, DAY, ExchangeError, HOUR, MINUTE, SECOND, type DayOfMinutes } from '@app/domain';
import { buildMinute, FakePorts } from '@app/testing';
import { CaptureModule } from '../capture.module';
import { ImportFileUseCase } from './import-file.use-case';

const DATE = Date.UTC(2026, 0, 10) * 1_000;

function buildDay(index: number): DayOfMinutes {
  const start = DATE + index * DAY;
  return {
    range: { start, end: start + DAY },
    candles: [0, 1, 2].map((minute) => buildMinute('BTCUSDT', start + minute * MINUTE)),
    leftOut: [],
  };
}

describe('ImportFileUseCase', () => {
  let ports: FakePorts;
  let module: TestingModule;

  beforeEach(async () => {
    ports = FakePorts.at(DATE + 9 * DAY, { SYMBOLS: 'BTCUSDT' });
    const capture = CaptureModule.onDemand({
      process: 'test',
      capture: ['candles'],
      imports: [ports.onDemandModule()],
    });
    module = await Test.createTestingModule({ imports: [capture] }).compile();
  });

  it('should store the days one by one, and the line of the file with the last', async () => {
    ports.files.files.set('x.csv', { symbol: 'BTCUSDT', days: [buildDay(0), buildDay(1), buildDay(2)] });
    const progress: number[] = [];
    const outcome = await module
      .get(ImportFileUseCase)
      .execute('x.csv', { onProgress: ({ rows }) => progress.push(rows) });
    expect(outcome).toMatchObject({
      taken: 9,
      repeats: 0,
      revisions: 0,
      end: { rows: 9 },
      file: { symbol: 'BTCUSDT' },
    });
    expect(progress).toEqual([3, 6, 9]);
    expect(ports.history.days.map(({ file, origin }) => [origin, file?.kind])).toEqual([
      ['binance', undefined],
      ['binance', undefined],
      ['binance', 'import'],
    ]);
    expect(ports.exchange.calls).toEqual([{ method: 'serverTime' }]);
  });

  it('should keep what was read before a fault, without a line for the file', async () => {
    const fault = new ArchiveError('truncated', 'x.csv ends in the middle of line 7');
    ports.files.files.set('x.csv', { symbol: 'BTCUSDT', days: [buildDay(0), buildDay(1)], fault });
    await expect(module.get(ImportFileUseCase).execute('x.csv')).rejects.toBe(fault);
    expect(ports.history.days).toMatchObject([{ range: buildDay(0).range }]);
    expect(ports.history.days[0]?.file).toBeUndefined();
  });

  it('should stop between two days when it is told to', async () => {
    const abort = new AbortController();
    ports.files.files.set('x.csv', { symbol: 'BTCUSDT', days: [buildDay(0), buildDay(1), buildDay(2)] });
    const importing = module.get(ImportFileUseCase).execute(
      'x.csv',
      {
        onProgress: () => {
          abort.abort();
        },
      },
      abort.signal,
    );
    await expect(importing).rejects.toThrow('aborted');
    expect(ports.history.days).toHaveLength(1);
  });

  it('should name the origin that it is given', async () => {
    ports.files.files.set('x.csv', { symbol: 'BTCUSDT', days: [buildDay(0)] });
    await module.get(ImportFileUseCase).execute('x.csv', { origin: 'simulator:7' });
    expect(ports.history.days).toMatchObject([{ origin: 'simulator:7' }]);
  });

  /** Minutes before and after the clock's time; the file is of yesterday and today. */
  const files = (): string[] => [...ports.files.files.keys()];
  const formingDay = (): DayOfMinutes => {
    const start = DATE + 9 * DAY;
    const candles = [-1, 0, 60].map((minute) => buildMinute('BTCUSDT', start + minute * MINUTE));
    return { range: { start: start - DAY, end: start + DAY }, candles, leftOut: [] };
  };
  const openTimes = (): number[] =>
    ports.history.days.flatMap(({ candles }) => candles.map(({ openTime }) => openTime));

  it('should leave out minutes that are not over at the exchange, whatever the local clock says', async () => {
    const day = formingDay();
    ports.files.files.set('dump.csv', { symbol: 'BTCUSDT', days: [day] });
    ports.clock.advance(2 * HOUR);
    ports.exchange.skew = 30 * SECOND - 2 * HOUR;
    const outcome = await module.get(ImportFileUseCase).execute(files()[0]!, { origin: ports.exchange.origin });
    expect(openTimes()).toEqual([day.candles[0]?.openTime]);
    expect(outcome.end.leftOut).toMatchObject([
      { start: day.candles[1]?.openTime, reason: 'not_closed' },
      { start: day.candles[2]?.openTime, reason: 'not_closed' },
    ]);
    expect(ports.history.days[0]?.file?.end.leftOut).toEqual(outcome.end.leftOut);
  });

  it.each([
    ['that of the exchange where the local clock is wrong', -26 * HOUR, -26 * HOUR],
    ['that of the local clock where it is nearly right', 4 * SECOND, 0],
  ])('should stamp rows with %s', async (_, skew, stamp) => {
    ports.files.files.set('x.csv', { symbol: 'BTCUSDT', days: [buildDay(0)] });
    ports.exchange.skew = skew;
    await module.get(ImportFileUseCase).execute('x.csv', { origin: ports.exchange.origin });
    expect(ports.history.days).toMatchObject([{ fetchedAt: ports.clock.now() + stamp }]);
  });

  it('should accept minutes that are over at the exchange when the local clock is behind', async () => {
    ports.files.files.set('dump.csv', { symbol: 'BTCUSDT', days: [formingDay()] });
    ports.exchange.skew = 2 * HOUR;
    const outcome = await module.get(ImportFileUseCase).execute(files()[0]!, { origin: ports.exchange.origin });
    expect([openTimes().length, outcome.end.leftOut]).toEqual([3, []]);
  });

  it.each<[string, (ports: FakePorts) => void]>([
    ['does not answer', ({ exchange }) => (exchange.fault = () => new ExchangeError('unreachable', 'no connection'))],
    ['is another one than the files come from', ({ exchange }) => (exchange.skew = 7 * DAY)],
  ])('should go by the local clock, and say so, where the exchange %s', async (_, prepare) => {
    prepare(ports);
    ports.files.files.set('dump.csv', { symbol: 'BTCUSDT', days: [formingDay()] });
    const importFile = module.get(ImportFileUseCase);
    const { end } = await importFile.execute('dump.csv', { origin: 'binance' });
    await importFile.execute('dump.csv', { origin: 'binance' });
    expect(end.leftOut.map(({ reason }) => reason)).toEqual(['not_closed', 'not_closed']);
    expect(ports.logged).toEqual([
      expect.stringMatching(/^the exchange's time is not known \(.+\): minutes count as over by/),
    ]);
    expect(ports.exchange.calls).toHaveLength(1);
  });

  it('should not replace a stored minute by one with fewer trades unless it is told to, and name what it replaces', async () => {
    const { range } = buildDay(0);
    const whole = [0, 1, 2].map((minute) => buildMinute('BTCUSDT', DATE + minute * MINUTE, { tradeCount: 38 }));
    const cut = whole.map((candle, index) => (index === 2 ? { ...candle, tradeCount: 1, volume: '0.1' } : candle));
    const other = whole.map((candle, index) => (index < 2 ? { ...candle, volume: '3.00' } : candle));
    ports.files.files.set('whole', { symbol: 'BTCUSDT', days: [{ range, candles: whole, leftOut: [] }] });
    ports.files.files.set('cut', { symbol: 'BTCUSDT', days: [{ range, candles: cut, leftOut: [] }] });
    ports.files.files.set('other', { symbol: 'BTCUSDT', days: [{ range, candles: other, leftOut: [] }] });
    const importFile = module.get(ImportFileUseCase);
    await importFile.execute('whole');
    ports.clock.advance(MINUTE);
    const left = await importFile.execute('cut');
    expect(left).toMatchObject({ repeats: 2, revisions: 0, replaced: [] });
    const start = DATE + 2 * MINUTE;
    expect(left.end.leftOut).toMatchObject([{ start, end: start + MINUTE, reason: 'fewer_trades' }]);
    ports.clock.advance(MINUTE);
    const replaced = await importFile.execute('cut', { replace: true });
    expect(replaced).toMatchObject({ revisions: 1, end: { leftOut: [] }, replaced: [{ start, end: start + MINUTE }] });
    ports.clock.advance(MINUTE);
    const equal = await importFile.execute('other');
    expect(equal).toMatchObject({
      revisions: 3,
      end: { leftOut: [] },
      replaced: [{ start: DATE, end: DATE + 3 * MINUTE }],
    });
  });
});
