import { changePercent, divideRounded, formatUnits, parseUnits } from '../fixed-point';
import { BucketGrid, DAY, MINUTE, lengthWithinDay, type Interval } from '../interval';
import {
  Market,
  type Candle,
  type Instrument,
  type KlineQuery,
  type Stop,
  type SymbolStatus,
  type Ticker,
} from '../market';
import { rollUp } from '../roll-up';
import { StopSpans } from '../stop-spans';
import { RecordedSeries, lowerBound } from './recorded-series';
import type { Recording } from './recording-reader';

const DECIMALS = 8;
/** Where the 24-hour statistics are taken from, the finest rows first. */
const TICKER_INTERVALS = ['1m', '3m', '5m', '15m', '30m', '1h', '1d'] as const;
/** Assets that prices are quoted in, to split a symbol of which no exchangeInfo was recorded. */
const QUOTE_ASSETS = [
  'USDT',
  'FDUSD',
  'BUSD',
  'TUSD',
  'USDC',
  'USDP',
  'USDS',
  'PAX',
  'BTC',
  'ETH',
  'BNB',
  'TRX',
  'XRP',
  'DAI',
  'EUR',
  'GBP',
  'AUD',
  'TRY',
  'BRL',
  'RUB',
  'NGN',
  'UAH',
  'IDR',
  'ZAR',
  'BIDR',
  'IDRT',
];

/** The buckets of one interval that can be served: recorded ones, and those whose whole span was recorded in minutes. */
interface Timeline {
  readonly openTimes: readonly number[];
  /** Position in the recorded series, -1 for a bucket that is rolled up. */
  readonly positions: readonly number[];
}

/**
 * Recorded klines, moved by a whole number of days and played on the market clock: a row is there once it has closed.
 * Recorded rows are served as they are; where only the minutes were recorded, intervals up to a day are rolled up from
 * them. A bucket that is still forming has the minutes that have closed. After the last row of a symbol nothing trades.
 */
export class RecordedMarket extends Market {
  readonly origin: string;
  /** Milliseconds from recorded to market time. */
  private readonly shift: number;
  private readonly known: readonly Instrument[];
  private readonly timelines = new Map<string, Timeline>();
  /** Laid over a symbol, in recorded time. */
  private readonly stops = new Map<string, StopSpans>();

  /** `lastDay` is the day, in market time, on which the last recorded day is played. */
  constructor(
    private readonly recording: Recording,
    lastDay: number,
  ) {
    super();
    const lastOpenTime = Math.max(
      ...[...recording.series.values()].flatMap((intervals) =>
        [...intervals.values()].map((series) => series.openTimes.at(-1) ?? 0),
      ),
    );
    const days = Math.floor(lastDay / DAY) - Math.floor(lastOpenTime / DAY);
    this.shift = days * DAY;
    this.origin = `recording:${recording.hash}:${days}`;
    this.known = [...recording.series.keys()]
      .sort((a, b) => (a < b ? -1 : 1))
      .map((symbol) => recording.instruments.get(symbol) ?? instrumentFromName(symbol));
  }

  setStops(stops: readonly Stop[]): void {
    const recorded = stops.map(({ symbol, start, end }) => ({
      symbol,
      start: start - this.shift,
      end: end - this.shift,
    }));
    for (const symbol of this.recording.series.keys()) {
      this.stops.set(symbol, new StopSpans(recorded, symbol));
    }
  }

  /** Nothing else was recorded. */
  setNewListings(): void {
    return;
  }

  instruments(now: number, among?: ReadonlySet<string>): readonly Instrument[] {
    return this.known.filter(
      ({ symbol }) => among?.has(symbol) !== false && this.firstOpenTime(symbol) <= now - this.shift,
    );
  }

  find(symbol: string, now: number): Instrument | undefined {
    return this.instruments(now, new Set([symbol]))[0];
  }

  status(symbol: string, now: number): SymbolStatus {
    const time = now - this.shift;
    const isStopped = this.stops.get(symbol)?.covers(time) ?? false;
    return time < this.endOf(symbol) && !isStopped ? 'TRADING' : 'BREAK';
  }

  /** The shift keeps the time of day, but neither weeks, months nor three-day buckets. */
  refusal(interval: Interval, offset: number): 'interval' | 'timeZone' | undefined {
    if (lengthWithinDay(interval) === undefined) {
      return 'interval';
    }
    return offset === 0 ? undefined : 'timeZone';
  }

  klines(query: KlineQuery, now: number): Candle[] {
    const time = now - this.shift;
    const { openTimes, positions } = this.timeline(query.symbol, query.interval);
    const from = query.start === undefined ? 0 : lowerBound(openTimes, query.start - this.shift);
    const until = lowerBound(openTimes, Math.min((query.end ?? Infinity) - this.shift, time) + 0.001);
    const forward = query.start !== undefined;
    const rows: Candle[] = [];
    for (let step = 0; step < until - from && rows.length < query.limit; step += 1) {
      const index = forward ? from + step : until - 1 - step;
      const row = this.rowAt(query, openTimes[index] ?? 0, positions[index] ?? -1, time);
      if (row !== undefined) {
        rows.push(this.shifted(row));
      }
    }
    return forward ? rows : rows.reverse();
  }

  /** Klines were recorded, not trades. */
  aggTrades(): undefined {
    return undefined;
  }

  ticker(symbol: string, now: number): Ticker | undefined {
    const rows = this.lastDay(symbol, Math.min(now - this.shift, this.endOf(symbol)));
    const last = rows?.candles.at(-1);
    if (rows === undefined || last === undefined) {
      return undefined;
    }
    const day = rollUp(rows.candles, last.openTime, last.closeTime) ?? last;
    const volume = parseUnits(day.volume);
    const scale = 10n ** BigInt(DECIMALS);
    const open = parseUnits(day.open);
    const close = parseUnits(day.close);
    return {
      symbol,
      priceChange: formatUnits(close - open, DECIMALS),
      priceChangePercent: changePercent(open, close),
      weightedAvgPrice: formatUnits(
        volume === 0n ? 0n : divideRounded(parseUnits(day.quoteVolume) * scale, volume),
        DECIMALS,
      ),
      lastPrice: day.close,
      openPrice: day.open,
      highPrice: day.high,
      lowPrice: day.low,
      volume: day.volume,
      quoteVolume: day.quoteVolume,
      openTime: rows.end + this.shift - DAY,
      closeTime: rows.end + this.shift,
      count: day.tradeCount,
    };
  }

  /**
   * The rows of the last 24 hours up to `time`: of the finest interval that was recorded throughout, or else of the one
   * that reaches furthest.
   */
  private lastDay(symbol: string, time: number): { candles: Candle[]; end: number } | undefined {
    let best: { candles: Candle[]; end: number } | undefined;
    for (const interval of TICKER_INTERVALS) {
      const series = this.recording.series.get(symbol)?.get(interval);
      const length = lengthWithinDay(interval) ?? DAY;
      const end = Math.floor(time / length) * length;
      if (series === undefined || (best !== undefined && end <= best.end && !series.covers(end - DAY, end))) {
        continue;
      }
      const candles = this.rowsBetween(symbol, series, end - DAY, end);
      if (candles.length > 0 && series.covers(end - DAY, end)) {
        return { candles, end };
      }
      if (candles.length > 0 && end > (best?.end ?? -Infinity)) {
        best = { candles, end };
      }
    }
    return best;
  }

  private rowAt(query: KlineQuery, openTime: number, position: number, time: number): Candle | undefined {
    const length = lengthWithinDay(query.interval) ?? DAY;
    const series = this.recording.series.get(query.symbol);
    const minutes = series?.get('1m');
    const stopped = this.stops.get(query.symbol)?.overlapping(openTime, openTime + length) ?? [];
    if (position >= 0) {
      const row = series?.get(query.interval)?.at(position);
      if (row !== undefined && row.closeTime < time && stopped.length === 0) {
        return row;
      }
      if (stopped.some(({ start, end }) => start <= openTime && openTime + length <= end)) {
        return undefined;
      }
      if (query.interval === '1m' || minutes?.covers(openTime, openTime + length) !== true) {
        return row !== undefined && row.closeTime < time ? row : undefined;
      }
    }
    if (minutes === undefined) {
      return undefined;
    }
    const closed = this.rowsBetween(query.symbol, minutes, openTime, Math.min(openTime + length, time));
    return rollUp(closed, openTime, openTime + length - 1);
  }

  /** Rows that open in [start, end) and have closed by `end`, but for those in a stop that was laid over the symbol. */
  private rowsBetween(symbol: string, series: RecordedSeries, start: number, end: number): Candle[] {
    const stops = this.stops.get(symbol);
    const rows: Candle[] = [];
    const until = series.positionFrom(end);
    for (let position = series.positionFrom(start); position < until; position += 1) {
      const row = series.at(position);
      if (row.closeTime < end && stops?.covers(row.openTime) !== true) {
        rows.push(row);
      }
    }
    return rows;
  }

  private timeline(symbol: string, interval: Interval): Timeline {
    const key = `${symbol} ${interval}`;
    const found = this.timelines.get(key);
    if (found !== undefined) {
      return found;
    }
    const recorded = this.recording.series.get(symbol)?.get(interval);
    const minutes = this.recording.series.get(symbol)?.get('1m');
    const entries = new Map<number, number>();
    const length = lengthWithinDay(interval);
    if (minutes !== undefined && length !== undefined && length > MINUTE) {
      const grid = new BucketGrid(interval, 0);
      for (const span of minutes.spans) {
        for (let start = grid.firstFrom(span.start); start + length <= span.end; start += length) {
          entries.set(start, -1);
        }
      }
    }
    for (const [position, openTime] of recorded?.openTimes.entries() ?? []) {
      entries.set(openTime, position);
    }
    const sorted = [...entries].sort(([a], [b]) => a - b);
    const timeline = { openTimes: sorted.map(([openTime]) => openTime), positions: sorted.map(([, at]) => at) };
    this.timelines.set(key, timeline);
    return timeline;
  }

  private firstOpenTime(symbol: string): number {
    const series = [...(this.recording.series.get(symbol)?.values() ?? [])];
    return Math.min(...series.map((one) => one.openTimes[0] ?? Infinity));
  }

  /** When the last row of a symbol closes. */
  private endOf(symbol: string): number {
    const series = [...(this.recording.series.get(symbol)?.values() ?? [])];
    return Math.max(...series.filter((one) => one.length > 0).map((one) => one.at(one.length - 1).closeTime + 1));
  }

  private shifted(row: Candle): Candle {
    return { ...row, openTime: row.openTime + this.shift, closeTime: row.closeTime + this.shift };
  }
}

function instrumentFromName(symbol: string): Instrument {
  const quoteAsset = QUOTE_ASSETS.find((asset) => symbol.endsWith(asset) && symbol.length > asset.length) ?? '';
  return { symbol, baseAsset: symbol.slice(0, symbol.length - quoteAsset.length), quoteAsset, filters: [] };
}
