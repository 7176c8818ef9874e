import {
  KLINE_SOURCE,
  MILLISECOND,
  MINUTE,
  SECOND,
  TICKER_SOURCE,
  floorTo,
  serializeCandle,
  serializePriceEvent,
  type MinuteCandle,
  type OutgoingEvent,
  type PriceEvent,
} from '@app/domain';
import { exchangeKlines, type KlineRow } from '../test/support/exchange-klines';
import { getJson } from '../test/support/http';

/** A stretch of market as the platform would have captured it: minute by minute, in each minute all symbols. */
export interface MarketRun {
  readonly symbols: readonly string[];
  readonly prices: readonly PriceEvent[];
  readonly candles: readonly MinuteCandle[];
}

interface TickerRow {
  readonly symbol: string;
  readonly priceChangePercent: string;
  readonly volume: string;
}

/** From the close of a minute to its capture, as the schedules of the platform have it. */
const CAPTURE_DELAY = 2 * SECOND + 137_059;

/** The first symbols of the exchange that trade. */
export async function tradingSymbols(exchangeUrl: string, count: number): Promise<string[]> {
  const { symbols } = await getJson<{ symbols: { symbol: string; status: string }[] }>(
    `${exchangeUrl}/api/v3/exchangeInfo`,
  );
  const trading = symbols.filter(({ status }) => status === 'TRADING').map(({ symbol }) => symbol);
  if (trading.length < count) throw new Error(`the exchange lists ${trading.length} symbols that trade, not ${count}`);
  return trading.slice(0, count);
}

/**
 * The last `minutes` full minutes before today of `symbols` symbols, read from the exchange at the address: its candles,
 * and one price event per symbol and minute with the candle's close (percentage and rolling volume are the ticker's).
 */
export async function readMarketRun(exchangeUrl: string, symbolCount: number, minutes: number): Promise<MarketRun> {
  const symbols = await tradingSymbols(exchangeUrl, symbolCount);
  const today = floorTo(Date.now() * MILLISECOND, MINUTE * 1_440);
  const start = today - minutes * MINUTE;
  const [prices, candles]: [PriceEvent[], MinuteCandle[]] = [[], []];
  for (const symbol of symbols) {
    const rows = await exchangeKlines(exchangeUrl, symbol, '1m', start / MILLISECOND, today / MILLISECOND);
    const ticker = await getJson<TickerRow>(`${exchangeUrl}/api/v3/ticker/24hr?symbol=${encodeURIComponent(symbol)}`);
    for (const row of rows) {
      const candle = toCandle(symbol, row);
      candles.push(candle);
      prices.push({
        timestamp: candle.capturedAt,
        symbol,
        lastPrice: candle.close,
        priceChangePercent: ticker.priceChangePercent,
        volume: ticker.volume,
        source: TICKER_SOURCE,
      });
    }
  }
  const asTheyCame = (a: { capturedAt: number }, b: { capturedAt: number }): number => a.capturedAt - b.capturedAt;
  return {
    symbols,
    prices: prices.sort((a, b) => a.timestamp - b.timestamp),
    candles: candles.sort(asTheyCame),
  };
}

function toCandle(symbol: string, row: KlineRow): MinuteCandle {
  const [openTime, open, high, low, close, volume, closeTime, quoteVolume, trades, takerBuy, takerBuyQuote] = row;
  return {
    symbol,
    openTime: openTime * MILLISECOND,
    closeTime: closeTime * MILLISECOND,
    open,
    high,
    low,
    close,
    volume,
    quoteVolume,
    tradeCount: trades,
    takerBuyVolume: takerBuy,
    takerBuyQuoteVolume: takerBuyQuote,
    source: KLINE_SOURCE,
    capturedAt: floorTo(openTime * MILLISECOND, MINUTE) + MINUTE + CAPTURE_DELAY,
  };
}

export function priceMessages(prices: readonly PriceEvent[]): OutgoingEvent[] {
  return prices.map((event) => ({
    kind: 'price',
    symbol: event.symbol,
    value: serializePriceEvent(event),
    capturedAt: event.timestamp,
  }));
}

export function candleMessages(candles: readonly MinuteCandle[]): OutgoingEvent[] {
  return candles.map((candle) => ({
    kind: 'candle',
    symbol: candle.symbol,
    value: serializeCandle(candle),
    capturedAt: candle.capturedAt,
  }));
}

/** The items in their order, `size` at a time. */
export function inBatches<T>(items: readonly T[], size: number): T[][] {
  const batches: T[][] = [];
  for (let start = 0; start < items.length; start += size) batches.push(items.slice(start, start + size));
  return batches;
}
