import { DAY } from '../market/interval';
import { appearanceOf, archiveFileAt } from './archive-file';

const at = (text: string): number => Date.parse(text);

describe('archive files', () => {
  it.each([
    ['daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-02-29.zip', '1m', '2024-02-29', '2024-03-01'],
    ['monthly/klines/BTCUSDT/1mo/BTCUSDT-1mo-2024-12.zip', '1M', '2024-12-01', '2025-01-01'],
    ['monthly/klines/币安人生USDT/3d/币安人生USDT-3d-2025-11.zip', '3d', '2025-11-01', '2025-12-01'],
  ])('should find %s', (path, interval, start, end) => {
    expect(archiveFileAt(path)).toMatchObject({ interval, span: { start: at(start), end: at(end) } });
  });

  it.each([
    'daily/klines/BTCUSDT/1w/BTCUSDT-1w-2024-02-26.zip',
    'daily/klines/BTCUSDT/1mo/BTCUSDT-1mo-2024-02-01.zip',
    'daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-02.zip',
    'daily/klines/BTCUSDT/1m/BTCUSDT-1m-2023-02-29.zip',
    'daily/klines/BTCUSDT/1m/ETHUSDT-1m-2024-02-29.zip',
    'daily/klines/BTCUSDT/1m/BTCUSDT-1h-2024-02-29.zip',
    'monthly/klines/BTCUSDT/1s/BTCUSDT-1s-2024-02.zip',
    'monthly/klines/BTCUSDT/1M/BTCUSDT-1M-2024-02.zip',
    'monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2024-13.zip',
    'daily/aggTrades/BTCUSDT/BTCUSDT-aggTrades-2024-02-29.zip',
    'daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-02-29.csv',
  ])('should not know %s', (path) => {
    expect(archiveFileAt(path)).toBeUndefined();
  });

  it('should publish a day after its end, and a month on the first Monday of the next', () => {
    const day = archiveFileAt('daily/klines/A/1m/A-1m-2024-02-28.zip')!;
    expect(appearanceOf(day, 7)).toBe(at('2024-02-29') + 7);
    const month = archiveFileAt('monthly/klines/A/1m/A-1m-2024-02.zip')!;
    expect(appearanceOf(month, 0)).toBe(at('2024-03-04'));
    const tillMonday = archiveFileAt('monthly/klines/A/1m/A-1m-2024-03.zip')!;
    expect(appearanceOf(tillMonday, DAY)).toBe(at('2024-04-01') + DAY);
  });
});
