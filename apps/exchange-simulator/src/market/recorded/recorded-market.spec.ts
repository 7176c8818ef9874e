import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { strToU8, zipSync } from 'fflate';
import { DAY, MINUTE, type Interval } from '../interval';
import type { Candle } from '../market';
import { RecordedMarket } from './recorded-market';
import { RecordingError, readRecording } from './recording-reader';

const HOUR = 60 * MINUTE;
const RECORDED_DAY = Date.parse('2024-12-31T00:00Z');
const TODAY = Date.parse('2026-03-18T00:00Z');

/** A minute as an archive line: price 100 plus the minute of the day, one trade, or none when `quiet`. */
function line(index: number, unit: 1 | 1_000, quiet = false): string {
  const openTime = RECORDED_DAY + index * MINUTE;
  const price = `${100 + index}.00000000`;
  const closeTime = (openTime + MINUTE) * unit - 1;
  const amounts = quiet ? ['0.00000000', '0.00000000', '0'] : ['2.00000000', `${2 * (100 + index)}.00000000`, '1'];
  return [
    openTime * unit,
    ...Array<string>(4).fill(price),
    amounts[0],
    closeTime,
    amounts[1],
    amounts[2],
    amounts[0],
    amounts[1],
    '0',
  ].join(',');
}

describe('RecordedMarket', () => {
  let folder: string;
  const write = (name: string, content: string | Uint8Array): void => {
    writeFileSync(join(folder, name), content);
  };
  const zipped = (csv: string): Uint8Array => zipSync({ 'x.csv': strToU8(csv) });
  const market = (lastDay = TODAY): RecordedMarket => new RecordedMarket(readRecording(folder), lastDay);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'recordings-'));
    mkdirSync(join(folder, 'below'));
    // One absent hour (a stop), one quiet minute; microseconds and a header in the second file.
    const minutes = Array.from({ length: 1_440 }, (_, index) => index).filter((index) => index < 600 || index >= 660);
    write('BTCUSDT-1m-2024-12-31.zip', zipped(minutes.map((index) => line(index, 1, index === 60)).join('\n')));
    write(
      'below/ETHBTC-1m-2024-12-31.csv',
      `open_time,open,high\r\n${minutes.map((index) => line(index, 1_000)).join('\r\n')}\r\n`,
    );
    write('README.md', 'not a recording');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const klines = (recorded: RecordedMarket, symbol: string, interval: Interval, now: number, more = {}) =>
    recorded.klines({ symbol, interval, offset: 0, limit: 1_000, ...more }, now);

  it('should play the last recorded day today, each row once it has closed', () => {
    const live = market();
    expect(live.origin).toMatch(/^recording:[0-9a-f]{12}:442$/);
    const now = TODAY + 90 * MINUTE + 30_000;
    const rows = klines(live, 'BTCUSDT', '1m', now);
    expect(rows).toHaveLength(90);
    expect(rows.at(-1)).toMatchObject({
      openTime: TODAY + 89 * MINUTE,
      closeTime: TODAY + 90 * MINUTE - 1,
      close: '189.00000000',
    });
    const hours = klines(live, 'BTCUSDT', '1h', now);
    expect(hours).toHaveLength(2);
    // The forming hour has the minutes that have closed; its first is quiet and opens nothing.
    expect(hours[1]).toMatchObject({
      openTime: TODAY + HOUR,
      closeTime: TODAY + 2 * HOUR - 1,
      open: '161.00000000',
      close: '189.00000000',
      tradeCount: 29,
    });
    expect(live.status('BTCUSDT', now)).toBe('TRADING');
  });

  it('should put the last recorded day on the day it is given, by whole days', () => {
    const past = market(TODAY - DAY);
    const rows = klines(past, 'BTCUSDT', '1m', TODAY + 5 * HOUR, { limit: 1 });
    expect(rows[0]!.closeTime).toBe(TODAY - 1);
    expect(past.status('BTCUSDT', TODAY)).toBe('BREAK');
    expect(past.status('BTCUSDT', TODAY - 1)).toBe('TRADING');
    expect(market(TODAY + 7 * HOUR).origin).toBe(market(TODAY).origin);
  });

  it('should read microseconds and headers as it reads milliseconds without', () => {
    const now = TODAY + 2 * DAY;
    const strip = (rows: Candle[]): unknown[] => rows.filter((row) => row.openTime !== TODAY + HOUR);
    expect(strip(klines(market(), 'ETHBTC', '1m', now))).toEqual(strip(klines(market(), 'BTCUSDT', '1m', now)));
  });

  it('should have no rows for absent minutes, nor for buckets of nothing else', () => {
    const live = market();
    const rows = klines(live, 'BTCUSDT', '1h', TODAY + DAY);
    expect(rows).toHaveLength(23);
    expect(rows.some((row) => row.openTime === TODAY + 10 * HOUR)).toBe(false);
    expect(klines(live, 'BTCUSDT', '1d', TODAY + DAY)).toHaveLength(1);
    expect(klines(live, 'BTCUSDT', '1m', TODAY + DAY, { start: TODAY + 10 * HOUR, limit: 1 })[0]!.openTime).toBe(
      TODAY + 11 * HOUR,
    );
  });

  it('should refuse what the shift would break, and have nothing of what was not recorded', () => {
    const live = market();
    for (const interval of ['3d', '1w', '1M'] as const) {
      expect(live.refusal(interval, 0)).toBe('interval');
    }
    expect(live.refusal('1d', HOUR)).toBe('timeZone');
    expect(live.refusal('12h', 0)).toBeUndefined();
    expect(klines(live, 'BTCUSDT', '1s', TODAY + DAY)).toEqual([]);
  });

  it('should serve recorded rows as recorded, and roll up only what lies in recorded minutes', () => {
    const hour = [
      RECORDED_DAY,
      '1.0',
      '2.0',
      '1.0',
      '2.0',
      '3.0',
      RECORDED_DAY + HOUR - 1,
      '4.0',
      5,
      '1.0',
      '1.0',
      '0',
    ];
    const early = hour.map((value, index) => (index === 0 || index === 6 ? Number(value) - DAY : value));
    write('rest.json.gz', gzipSync(JSON.stringify({ 'interval=1h&symbol=BTCUSDT': [early, hour] })));
    const rows = klines(market(), 'BTCUSDT', '1h', TODAY + DAY);
    expect(rows.slice(0, 3).map((row) => [row.openTime, row.close])).toEqual([
      [TODAY - DAY, '2.0'],
      [TODAY, '2.0'],
      [TODAY + HOUR, '219.00000000'],
    ]);
    expect(klines(market(), 'BTCUSDT', '2h', TODAY + DAY)[0]!.openTime).toBe(TODAY);
  });

  it('should take the numbers that most recordings have', () => {
    const row = (volume: string): unknown[] => [
      RECORDED_DAY,
      '1.0',
      '1.0',
      '1.0',
      '1.0',
      volume,
      RECORDED_DAY + DAY - 1,
      '1.0',
      1,
      '1.0',
      '1.0',
      '0',
    ];
    const answers = {
      'symbol=LTCBTC&interval=1d&limit=1': [row('7.0')],
      'symbol=LTCBTC&interval=1d&limit=2': [row('8.0')],
    };
    write('a.json.gz', gzipSync(JSON.stringify(answers)));
    write('b.json.gz', gzipSync(JSON.stringify({ 'interval=1d&symbol=LTCBTC': [row('8.0')] })));
    expect(klines(market(), 'LTCBTC', '1d', TODAY + DAY)[0]!.volume).toBe('8.0');
  });

  it('should derive the ticker from the last 24 hours of minutes, and leave out what it cannot know', () => {
    const now = TODAY + 90 * MINUTE + 30_000;
    const ticker = market().ticker('BTCUSDT', now)!;
    expect(ticker).toEqual({
      symbol: 'BTCUSDT',
      priceChange: '89.00000000',
      priceChangePercent: '89.000',
      weightedAvgPrice: '144.32584270',
      lastPrice: '189.00000000',
      openPrice: '100.00000000',
      highPrice: '189.00000000',
      lowPrice: '100.00000000',
      volume: '178.00000000',
      quoteVolume: '25690.00000000',
      openTime: TODAY + 90 * MINUTE - DAY,
      closeTime: TODAY + 90 * MINUTE,
      count: 89,
    });
    expect(market().ticker('BTCUSDT', TODAY + 40 * HOUR)!.closeTime).toBe(TODAY + DAY);
  });

  it('should obey stops that are laid over it', () => {
    const live = market();
    live.setStops([{ start: TODAY, end: TODAY + 30 * MINUTE }]);
    expect(live.status('BTCUSDT', TODAY + 5 * MINUTE)).toBe('BREAK');
    expect(klines(live, 'BTCUSDT', '1m', TODAY + DAY, { start: TODAY })[0]!.openTime).toBe(TODAY + 30 * MINUTE);
    expect(klines(live, 'BTCUSDT', '1h', TODAY + DAY)[0]!.tradeCount).toBe(30);
    expect(klines(live, 'BTCUSDT', '15m', TODAY + DAY)[0]!.openTime).toBe(TODAY + 30 * MINUTE);
  });

  it('should obey a stop of one symbol, and play the others as they were recorded', () => {
    const live = market();
    const untouched = klines(live, 'BTCUSDT', '1m', TODAY + DAY, { start: TODAY });
    live.setStops([{ symbol: 'ETHBTC', start: TODAY, end: TODAY + 30 * MINUTE }]);
    expect(live.status('BTCUSDT', TODAY + 5 * MINUTE)).toBe('TRADING');
    expect(klines(live, 'BTCUSDT', '1m', TODAY + DAY, { start: TODAY })).toEqual(untouched);
    live.setStops([{ symbol: 'BTCUSDT', start: TODAY, end: TODAY + 30 * MINUTE }]);
    expect(live.status('BTCUSDT', TODAY + 5 * MINUTE)).toBe('BREAK');
    expect(klines(live, 'BTCUSDT', '1m', TODAY + DAY, { start: TODAY })[0]).toEqual(untouched[30]);
  });

  it('should name what it passed over, and refuse what is broken', () => {
    expect(readRecording(folder).passedOver).toEqual(['README.md']);
    write('ETHBTC-1m-2024-12-30.zip', 'no zip');
    expect(() => readRecording(folder)).toThrow(/ETHBTC-1m-2024-12-30\.zip is not a readable zip/);
    write('ETHBTC-1m-2024-12-30.zip', zipped('1735603200000,1,2,3'));
    expect(() => readRecording(folder)).toThrow(/row 1 is not a kline/);
    expect(() => readRecording(join(folder, 'nowhere'))).toThrow(RecordingError);
    mkdirSync(join(folder, 'empty'));
    expect(() => readRecording(join(folder, 'empty'))).toThrow(/no klines to play/);
  });

  it('should have an origin that follows the recorded contents alone', () => {
    const before = market().origin;
    write('README.md', 'changed');
    expect(market().origin).toBe(before);
    write('SOLUSDT-1m-2024-12-31.csv', line(0, 1));
    expect(market().origin).not.toBe(before);
  });
});

const RECORDINGS = process.env['RECORDINGS_DIR'];

(RECORDINGS ? describe : describe.skip)('RecordedMarket on real recordings (needs RECORDINGS_DIR)', () => {
  const now = Date.parse('2026-03-18T12:00Z');
  const all = (market: RecordedMarket, interval: '1h' | '1d' | '15m' | '5m', symbol = 'BTCUSDT'): Candle[] => {
    const rows: Candle[] = [];
    for (;;) {
      const start = rows.length === 0 ? 0 : rows.at(-1)!.openTime + 1;
      const page = market.klines({ symbol, interval, offset: 0, start, limit: 1_000 }, now);
      rows.push(...page);
      if (page.length < 1_000) {
        return rows;
      }
    }
  };

  it('should roll the archive days up to the hours that the exchange itself gave', () => {
    const minutes = new RecordedMarket(readRecording(join(RECORDINGS!, 'archive-1m')), now - DAY);
    const hours = new RecordedMarket(readRecording(join(RECORDINGS!, 'klines-1h')), Date.parse('2020-12-31'));
    const shift = now - DAY - (now % DAY) - Date.parse('2020-01-02');
    const rolled = all(minutes, '1h').map((row) => ({
      ...row,
      openTime: row.openTime - shift,
      closeTime: row.closeTime - shift,
    }));
    expect(rolled).toHaveLength(48);
    const first = rolled[0]!.openTime;
    expect(first).toBe(Date.parse('2020-01-01'));
    expect(rolled).toEqual(
      hours.klines({ symbol: 'BTCUSDT', interval: '1h', offset: 0, start: first, limit: 48 }, now),
    );
  });

  it('should give both archive days as the exchange gave them', () => {
    const recorded = readRecording(RECORDINGS!);
    const market = new RecordedMarket(recorded, Date.parse('2023-01-08'));
    expect(market.origin).toMatch(/:0$/);
    const minutes = new RecordedMarket(readRecording(join(RECORDINGS!, 'archive-1m')), Date.parse('2020-01-02'));
    const expected = all(market, '1d').filter(
      (row) => row.openTime >= Date.parse('2020-01-01') && row.openTime < Date.parse('2020-01-03'),
    );
    expect(expected).toHaveLength(2);
    expect(all(minutes, '1d')).toEqual(expected);
  });

  it('should play the whole folder, with the odd hours of February 2018 as they are', () => {
    const recorded = readRecording(RECORDINGS!);
    const market = new RecordedMarket(recorded, Date.parse('2023-01-08'));
    const odd = all(market, '1h').filter((row) => row.openTime % HOUR !== 0);
    expect(odd).toHaveLength(43);
    expect(odd[0]!.openTime).toBe(Date.parse('2018-02-09T09:28:14.789Z'));
    expect(market.instruments(now).map(({ symbol }) => symbol)).toEqual(['BTCUSDT', 'ETHBTC']);
    expect(market.find('ETHBTC', now)).toMatchObject({ baseAsset: 'ETH', quoteAsset: 'BTC' });
    expect(market.status('BTCUSDT', now)).toBe('BREAK');
  });
});
