import { dailyFile, monthlyFile, parseKlineFileName } from './archive-paths';

const at = (text: string): number => Date.parse(text) * 1_000;

describe('archive paths', () => {
  it('should lead to a day and a month of minutes, with symbols of every script encoded', () => {
    expect(dailyFile('BTCUSDT', at('2025-01-01'))).toEqual({
      name: 'BTCUSDT-1m-2025-01-01.zip',
      path: '/data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2025-01-01.zip',
    });
    expect(monthlyFile('BTCUSDT', at('2025-01-31')).path).toBe(
      '/data/spot/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2025-01.zip',
    );
    expect(dailyFile('币安人生USDT', at('2025-11-01')).path).toBe(
      '/data/spot/daily/klines/%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT/1m/%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT-1m-2025-11-01.zip',
    );
  });

  it.each([
    ['/x/BTCUSDT-1m-2024-02-29.zip', 'BTCUSDT', '1m', '2024-02-29', '2024-03-01'],
    ['BTCUSDT-1m-2024-12.csv.gz', 'BTCUSDT', '1m', '2024-12-01', '2025-01-01'],
    ['币安人生USDT-1mo-2025-11.csv', '币安人生USDT', '1mo', '2025-11-01', '2025-12-01'],
  ])('should understand %s', (path, symbol, interval, start, end) => {
    expect(parseKlineFileName(path)).toEqual({ symbol, interval, range: { start: at(start), end: at(end) } });
  });

  it.each([
    'rows.csv',
    'BTCUSDT-1m.zip',
    'BTCUSDT-1m-2023-02-29.zip',
    'BTC/USDT.zip',
    'BTCUSDT-aggTrades-2020-01-01.zip',
  ])('should make nothing of %s', (path) => {
    expect(parseKlineFileName(path)).toBeUndefined();
  });
});
