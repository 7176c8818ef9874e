import { loadConfig } from '@app/config';
import { StoreNotReadyError, TRADING } from '@app/domain';
import { FakeClock } from '@app/testing';
import type { ServedSymbols } from '../symbols/served-symbols';
import { OldData } from './old-data';
import type { SymbolFreshness, SymbolFreshnessReader } from './symbol-freshness';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;

describe('OldData', () => {
  const rows: SymbolFreshness[] = [];
  let read: jest.Mock<Promise<SymbolFreshness[]>>;
  let old: OldData;

  function symbol(name: string, age: number | null, status = TRADING): void {
    rows.push({
      symbol: name,
      exchange_status: status,
      last_event_utc: null,
      last_event_age_seconds: age,
      last_minute: '2026-01-15T11:59:00Z',
    });
  }

  beforeEach(() => {
    jest.useFakeTimers();
    rows.length = 0;
    read = jest.fn(() => Promise.resolve([...rows]));
    const served = { all: () => Promise.resolve(rows.map((row) => row.symbol)) } as unknown as ServedSymbols;
    const freshness = { read } as unknown as SymbolFreshnessReader;
    old = new OldData(loadConfig({ LOG_LEVEL: 'silent' }, '/'), served, freshness, new FakeClock(NOON));
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('should name what is older than three polls, of symbols that trade', async () => {
    symbol('BTCUSDT', 180);
    symbol('ETHUSDT', 181);
    symbol('SOLUSDT', 3_600, 'BREAK');
    symbol('XRPUSDT', null);
    expect(await old.line()).toBe('ETHUSDT: last price 181 s ago; XRPUSDT: no price yet');
  });

  it('should name five and count the others', async () => {
    for (let number = 1; number <= 7; number += 1) symbol(`A${number}USDT`, 900);
    const line = await old.line();
    expect(line).toContain('A5USDT: last price 900 s ago; 2 more in /health');
    expect(line).not.toContain('A6USDT');
  });

  it('should give up to ten symbols with the same reason a line each', () => {
    for (let number = 1; number <= 10; number += 1) symbol(`A${number}USDT`, 900);
    expect(old.reasons(rows)).toEqual(rows.map((row) => `${row.symbol}: last price 900 s ago`));
  });

  it('should say one reason of many symbols in one line, with their number and some names', () => {
    for (let number = 1; number <= 1_000; number += 1) symbol(`A${number}USDT`, number <= 11 ? null : 100 + number);
    symbol('BTCUSDT', 3);
    rows.splice(0, rows.length, ...rows.map((row, index) => (index < 2 ? { ...row, last_minute: null } : row)));
    expect(old.reasons(rows)).toEqual([
      'A1USDT: no minute in the last 10',
      'A2USDT: no minute in the last 10',
      '11 symbols: no price yet (A1USDT, A2USDT, A3USDT, A4USDT, A5USDT and 6 more)',
      '920 symbols: last price more than 180 s ago (A81USDT, A82USDT, A83USDT, A84USDT, A85USDT and 915 more)',
    ]);
    const inFirstMinute = rows.map((row) => ({ ...row, last_event_age_seconds: 1, last_minute: null }));
    expect(old.reasons(inFirstMinute)).toEqual([
      '1001 symbols: no minute in the last 10 (A1USDT, A2USDT, A3USDT, A4USDT, A5USDT and 996 more)',
    ]);
  });

  it('should look at the store once in five seconds, however often it is asked', async () => {
    await Promise.all([old.line(), old.line()]);
    jest.advanceTimersByTime(4_999);
    expect(await old.line()).toBe('');
    expect(read).toHaveBeenCalledTimes(1);
    symbol('BTCUSDT', 900);
    jest.advanceTimersByTime(1);
    expect(await old.line()).toBe('BTCUSDT: last price 900 s ago');
  });

  it('should say nothing while the store is not ready, and look again at once', async () => {
    symbol('BTCUSDT', 900);
    read.mockRejectedValueOnce(new StoreNotReadyError('there is no database yet'));
    expect(await old.line()).toBe('');
    expect(await old.line()).toBe('BTCUSDT: last price 900 s ago');
  });
});
