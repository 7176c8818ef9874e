import { dailyFile, monthlyFile } from './archive-paths';

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
});
