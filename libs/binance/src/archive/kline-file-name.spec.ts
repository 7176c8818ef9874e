import { agreeOnName, otherMarketIn, parseKlineFileName } from './kline-file-name';

const at = (text: string): number => Date.parse(text) * 1_000;

describe('parseKlineFileName', () => {
  it.each([
    ['/x/BTCUSDT-1m-2024-02-29.zip', 'BTCUSDT', '1m', '2024-02-29', '2024-03-01'],
    ['BTCUSDT-1m-2024-12.csv.gz', 'BTCUSDT', '1m', '2024-12-01', '2025-01-01'],
    ['币安人生USDT-1mo-2025-11.csv', '币安人生USDT', '1mo', '2025-11-01', '2025-12-01'],
    ['BTCUSDT-1m-2024-02-29 (1).zip', 'BTCUSDT', '1m', '2024-02-29', '2024-03-01'],
    ['btcusdt_1m_2024-02-29.csv', 'BTCUSDT', '1m', '2024-02-29', '2024-03-01'],
    ['folder\\binance_BTCUSDT-1m-2024-02-29.csv', 'BTCUSDT', '1m', '2024-02-29', '2024-03-01'],
    ['copy of BTCUSDT-1m-2024-02-29.csv', 'BTCUSDT', '1m', '2024-02-29', '2024-03-01'],
    ['A.B_C-D-1m-2024-02-29.zip', 'A.B_C-D', '1m', '2024-02-29', '2024-03-01'],
    ['binance_币-安.USDT_-1m-2024-02-29.csv', '币-安.USDT_', '1m', '2024-02-29', '2024-03-01'],
  ])('should understand %s', (path, symbol, interval, start, end) => {
    expect(parseKlineFileName(path)).toEqual({ symbol, interval, range: { start: at(start), end: at(end) } });
  });

  it.each(['BTCUSDT-1m-2023-02-29.zip', 'BTCUSDT-1m-2023-02-01-to-2023-02-14.csv', 'BTCUSDT-1m-2023-13.csv'])(
    'should take the symbol of %s, and no day',
    (path) => {
      expect(parseKlineFileName(path)).toEqual({ symbol: 'BTCUSDT', interval: '1m', range: undefined });
    },
  );

  it.each(['rows.csv', 'BTCUSDT-1m.zip', 'BTC/USDT.zip', 'BTCUSDT-aggTrades-2020-01-01.zip', 'BTCUSDT_1m_202401.csv'])(
    'should make nothing of %s',
    (path) => {
      expect(parseKlineFileName(path)).toBeUndefined();
    },
  );
});

describe('agreeOnName', () => {
  const range = { start: at('2023-05-01'), end: at('2023-05-02') };

  it.each([
    ['all three', 'BTCUSDT-1m-2023-05-01.zip', 'BTCUSDT-1m-2023-05-01.csv', 'BTCUSDT'],
    ['the name inside alone', 'download.zip', 'BTCUSDT-1m-2023-05-01.csv', undefined],
    ['the name outside alone', 'BTCUSDT-1m-2023-05-01.zip', 'rows.csv', undefined],
    ['names in folders', '/a/BTCUSDT-1m-2023-05-01.zip', 'b\\c/BTCUSDT-1m-2023-05-01.csv', 'BTCUSDT'],
  ])('should believe %s', (_, path, inside, asked) => {
    expect(agreeOnName(path, inside, asked)).toEqual({ symbol: 'BTCUSDT', range });
  });

  it.each([
    ['as the archive packs it', 'A.B_C-D-1m-2023-05-01.zip', 'A.B_C-D-1m-2023-05-01.csv', undefined],
    ['renamed on the outside', 'rows.zip', 'A.B_C-D-1m-2023-05-01.csv', undefined],
    ['behind words of its owner', 'OLD_A.B_C-D-1m-2023-05-01.zip', 'A.B_C-D-1m-2023-05-01.csv', undefined],
    ['that was asked for', 'OLD_A.B_C-D-1m-2023-05-01.csv', undefined, 'A.B_C-D'],
  ])('should find a symbol with signs %s', (_, path, inside, asked) => {
    expect(agreeOnName(path, inside, asked)).toEqual({ symbol: 'A.B_C-D', range });
  });

  it('should not choose between the symbols that a name may mean', () => {
    expect(agreeOnName('OLD_BTCUSDT-1m-2023-05-01.csv', undefined, undefined)).toEqual({ symbol: undefined, range });
    expect(agreeOnName('OLD_BTCUSDT-1m-2023-05-01.csv', undefined, 'BTCUSDT')).toEqual({ symbol: 'BTCUSDT', range });
  });

  it('should believe the symbol that was asked for where no name says one', () => {
    expect(agreeOnName('rows.csv', undefined, 'BTCUSDT')).toEqual({ symbol: 'BTCUSDT', range: undefined });
    expect(agreeOnName('rows.zip', 'rows.csv', undefined)).toEqual({ symbol: undefined, range: undefined });
  });

  it.each([
    [
      'another symbol inside',
      'BTCUSDT-1m-2023-05-01.zip',
      'ETHUSDT-1m-2023-05-01.csv',
      undefined,
      'BTCUSDT-1m-2023-05-01.zip holds ETHUSDT-1m-2023-05-01.csv: the two names do not agree',
    ],
    ['another day inside', 'BTCUSDT-1m-2023-05-01.zip', 'BTCUSDT-1m-2023-05-02.csv', 'BTCUSDT', 'do not agree'],
    ['a day inside a month', 'BTCUSDT-1m-2023-05.zip', 'BTCUSDT-1m-2023-05-02.csv', 'BTCUSDT', 'do not agree'],
    ['another interval inside', 'BTCUSDT-1m-2023-05.zip', 'BTCUSDT-1h-2023-05.csv', 'BTCUSDT', 'do not agree'],
    ['another interval', 'BTCUSDT-1M-2023-05.csv', undefined, 'BTCUSDT', 'holds 1M candles; only 1m can be read'],
    ['another symbol outside', 'BTCUSDT-1m-2023-05.csv', undefined, 'ETHUSDT', 'is a file of BTCUSDT, not of ETHUSDT'],
    [
      'another symbol inside than the one asked for',
      'rows.zip',
      'BTCUSDT-1m-2023-05.csv',
      'ETHUSDT',
      'rows.zip, which holds BTCUSDT-1m-2023-05.csv, is a file of BTCUSDT, not of ETHUSDT',
    ],
    ['a day that is none', 'BTCUSDT-1m-2023-02-29.zip', undefined, 'ETHUSDT', 'is a file of BTCUSDT, not of ETHUSDT'],
  ])('should refuse %s', (_, path, inside, asked, message) => {
    expect(() => agreeOnName(path, inside, asked)).toThrow(message);
  });
});

describe('otherMarketIn', () => {
  it.each([
    ['BTCUSDT_PERP-1m-2024-01-01.zip', '_PERP'],
    ['BTCUSD_240628-1m-2024-01-01.zip', '_240628'],
    ['um-BTCUSDT-1m-2024-01-01.zip', 'um'],
    ['BTCUSDT-1m-2024-01-01.futures.csv', 'futures'],
    ['/data/futures/um/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-01-01.zip', 'futures/um'],
    ['futures/cm/daily/klines/x.csv', 'futures/cm'],
    ['markPriceKlines/BTCUSDT-1m-2024-01-01.zip', 'markPriceKlines'],
    ['x\\futures\\um\\BTCUSDT-1m-2024-01-01.csv', 'futures/um'],
  ])('should see what says so in %s', (path, mark) => {
    expect(otherMarketIn(path)).toBe(mark);
  });

  it.each([
    'BTCUSDT-1m-2024-01-01.zip',
    'UMAUSDT-1m-2024-01-01.zip',
    'PERPUSDT-1m-2024-01-01.zip',
    'BTCUSDT_1m_202401.csv',
    'rows-of-the-future.csv',
    'future.csv',
    'data/spot/daily/klines/CMUSDT/1m/CMUSDT-1m-2024-01.zip',
  ])('should see nothing in %s', (path) => {
    expect(otherMarketIn(path)).toBeUndefined();
  });
});
