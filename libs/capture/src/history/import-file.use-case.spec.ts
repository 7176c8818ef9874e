import { Test, type TestingModule } from '@nestjs/testing';
import { ArchiveError, DAY, MINUTE, type DayOfMinutes } from '@app/domain';
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
    expect(ports.exchange.calls).toEqual([]);
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
});
