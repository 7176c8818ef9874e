import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  formatDecimal,
  MILLISECOND,
  parseDecimal,
  type AggTrade,
  type CandleNumbers,
  type EpochMicros,
} from '@app/domain';
import { gunzipSync, strFromU8, unzipSync } from 'fflate';

const EXCHANGE_SCALE = 8;

/** Folder of real market data (`RECORDINGS_DIR`); without it, tests on recordings are skipped by name. */
export const RECORDINGS_DIR = process.env['RECORDINGS_DIR'] ?? '';

/** `describe` for tests that need the recordings: skipped without the folder, failing when it is named but not there. */
export const describeRecordings = RECORDINGS_DIR === '' ? describe.skip : describe;

/** A recorded candle: its open time and its nine numbers. */
export interface RecordedCandle extends CandleNumbers {
  readonly openTime: EpochMicros;
}

/** Reads a kline row of twelve columns as text. */
export function toRecordedCandle(row: readonly string[]): RecordedCandle {
  const [time, open, high, low, close, volume, , quoteVolume, count, takerBuyVolume, takerBuyQuoteVolume] = row;
  return {
    openTime: Number(time) * MILLISECOND,
    open: open ?? '',
    high: high ?? '',
    low: low ?? '',
    close: close ?? '',
    volume: volume ?? '',
    quoteVolume: quoteVolume ?? '',
    tradeCount: Number(count),
    takerBuyVolume: takerBuyVolume ?? '',
    takerBuyQuoteVolume: takerBuyQuoteVolume ?? '',
  };
}

function bytes(...path: string[]): Uint8Array {
  return readFileSync(join(RECORDINGS_DIR, ...path));
}

function csvCandles(text: string): RecordedCandle[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => toRecordedCandle(line.split(',')));
}

/** Candles of an official daily archive file. */
export function archiveMinutes(date: string): RecordedCandle[] {
  const files = unzipSync(bytes('archive-1m', `BTCUSDT-1m-${date}.zip`));
  return csvCandles(
    Object.values(files)
      .map((file) => strFromU8(file))
      .join(''),
  );
}

/** BTCUSDT hours of all monthly files, ascending. */
export function recordedHours(): RecordedCandle[] {
  return readdirSync(join(RECORDINGS_DIR, 'klines-1h'))
    .filter((file) => file.endsWith('.csv'))
    .sort()
    .flatMap((file) => csvCandles(strFromU8(bytes('klines-1h', file))));
}

/** Recorded REST answers for a symbol and interval, each a list of candles. */
export function recordedAnswers(symbol: string, interval: string): RecordedCandle[][] {
  const text = strFromU8(gunzipSync(bytes('klines-mixed', 'klines_spot_all.json.gz')));
  const answers = Object.entries(JSON.parse(text) as Record<string, (string | number)[][]>);
  return answers
    .filter(([query]) => {
      const parameters = new URLSearchParams(query);
      return parameters.get('symbol') === symbol && parameters.get('interval') === interval;
    })
    .map(([, rows]) => rows.map((row) => toRecordedCandle(row.map(String))));
}

interface AggTradeRow {
  readonly a: number;
  readonly p: string;
  readonly q: string;
  readonly f: number;
  readonly l: number;
  readonly T: number;
  readonly m: boolean;
}

/** 1,000 aggregate trades of BTCUSDT on 2020-01-02, from within one minute to within another. */
export function recordedAggTrades(): AggTrade[] {
  const text = strFromU8(gunzipSync(bytes('agg-trades', 'aggTrades_BTCUSDT_2020-01-02_1510_1518.json.gz')));
  return (JSON.parse(text) as AggTradeRow[]).map(({ a, p, q, f, l, T, m }) => ({
    aggTradeId: a,
    price: p,
    quantity: q,
    firstTradeId: f,
    lastTradeId: l,
    eventTime: T * MILLISECOND,
    takerSide: m ? 'sell' : 'buy',
  }));
}

/** The digits of a small JSON number as plain decimal text: `1.5e-7` is `0.00000015`. Nothing passes through a float. */
export function plainDecimal(number: string): string {
  const [mantissa = '', exponent = '0'] = number.toLowerCase().split('e-');
  const { units, scale } = parseDecimal(mantissa);
  return formatDecimal({ units, scale: scale + Number(exponent) });
}

/** Cuts decimal text to the eight fraction digits that the exchange uses, rounding half up. */
function toExchangeScale(text: string): string {
  const { units, scale } = parseDecimal(text);
  const surplus = scale - EXCHANGE_SCALE;
  if (surplus <= 0) return text;
  const power = 10n ** BigInt(surplus);
  return formatDecimal({ units: (units + power / 2n) / power, scale: EXCHANGE_SCALE });
}

/**
 * `[ms, open, high, low, close, volume]` of the illiquid pair as plain decimal text. The file's sums went through
 * floats (`1491591.5900000001`): what lies behind the exchange's eight digits is theirs.
 */
export function illiquidRows(interval: '1m' | '5m'): string[][] {
  const text = strFromU8(gunzipSync(bytes('illiquid', `AION_BTC-${interval}.json.gz`)));
  const rows = JSON.parse(text.replace(/\d+(?:\.\d+)?(?:e[+-]?\d+)?/gi, '"$&"')) as string[][];
  return rows.map((row) => row.map((number) => toExchangeScale(plainDecimal(number))));
}
