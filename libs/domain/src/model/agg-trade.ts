import { addDecimals, compareDecimalTexts, formatDecimal, parseDecimal, type Decimal } from './decimal';
import type { CandleNumbers } from './candle';
import { MINUTE, floorTo, type EpochMicros } from './time';

/** What of an aggregate trade (fills of one taker order at one price) makes candles. Ids are per symbol, without holes. */
export interface AggTrade {
  readonly aggTradeId: number;
  readonly price: string;
  readonly quantity: string;
  /** First and last of the raw trades in it, both included; -1 where the exchange voided them. */
  readonly firstTradeId: number;
  readonly lastTradeId: number;
  readonly eventTime: EpochMicros;
  /** Who took: the buyer, when the maker sold (`m` is false on the exchange). */
  readonly takerSide: 'buy' | 'sell';
}

/** A minute made of trades. */
export interface TradedMinute extends CandleNumbers {
  readonly openTime: EpochMicros;
}

const ZERO: Decimal = { units: 0n, scale: 0 };

const nothing = ({ scale }: Decimal): Decimal => ({ units: 0n, scale });

interface Sums {
  open: AggTrade;
  high: string;
  low: string;
  close: AggTrade;
  volume: Decimal;
  quoteVolume: Decimal;
  tradeCount: number;
  takerBuyVolume: Decimal;
  takerBuyQuoteVolume: Decimal;
}

function product(price: string, quantity: string): Decimal {
  const [a, b] = [parseDecimal(price), parseDecimal(quantity)];
  return { units: a.units * b.units, scale: a.scale + b.scale };
}

/** Without the zeros at the end that a product of two scales has; at least `scale` digits stay. */
function trimmed({ units, scale }: Decimal, least: number): string {
  let value = { units, scale };
  while (value.scale > least && value.units % 10n === 0n) value = { units: value.units / 10n, scale: value.scale - 1 };
  return formatDecimal(value);
}

/** Rows that the exchange left in place of voided trades have no price and no trade ids. */
function isValid({ firstTradeId, lastTradeId, price, quantity }: AggTrade): boolean {
  return (
    firstTradeId >= 0 &&
    lastTradeId >= firstTradeId &&
    compareDecimalTexts(price, '0') > 0 &&
    compareDecimalTexts(quantity, '0') > 0
  );
}

/**
 * The minutes that trades of one symbol make, ascending; minutes without a trade are not among them. Trades may come in
 * any order, and twice.
 *
 * The rule was found on recordings, where it gives the exchange's own minutes in all nine fields: open and close are the
 * trades of the lowest and highest id (several share a millisecond), the count is of raw trades (last − first id + 1),
 * taker buys are those of buying takers. The quote volume is the exact sum of price · quantity. The exchange rounds that
 * of each raw trade to eight digits, so where tick size · step size is finer than that, its own sum can differ by up to
 * count · 10⁻⁸.
 */
export function minutesOfTrades(trades: Iterable<AggTrade>): TradedMinute[] {
  const byId = new Map<number, AggTrade>();
  for (const trade of trades) if (isValid(trade)) byId.set(trade.aggTradeId, trade);
  const minutes = new Map<EpochMicros, Sums>();
  for (const trade of [...byId.values()].sort((a, b) => a.aggTradeId - b.aggTradeId)) {
    const openTime = floorTo(trade.eventTime, MINUTE);
    minutes.set(openTime, withTrade(minutes.get(openTime), trade));
  }
  return [...minutes].sort(([a], [b]) => a - b).map(([openTime, sums]) => tradedMinute(openTime, sums));
}

function withTrade(sums: Sums | undefined, trade: AggTrade): Sums {
  const { price, quantity, firstTradeId, lastTradeId, takerSide } = trade;
  const base = parseDecimal(quantity);
  const quote = product(price, quantity);
  const bought = takerSide === 'buy';
  return {
    open: sums?.open ?? trade,
    high: sums && compareDecimalTexts(sums.high, price) >= 0 ? sums.high : price,
    low: sums && compareDecimalTexts(sums.low, price) <= 0 ? sums.low : price,
    close: trade,
    volume: addDecimals(sums?.volume ?? ZERO, base),
    quoteVolume: addDecimals(sums?.quoteVolume ?? ZERO, quote),
    tradeCount: (sums?.tradeCount ?? 0) + lastTradeId - firstTradeId + 1,
    takerBuyVolume: addDecimals(sums?.takerBuyVolume ?? ZERO, bought ? base : nothing(base)),
    takerBuyQuoteVolume: addDecimals(sums?.takerBuyQuoteVolume ?? ZERO, bought ? quote : nothing(quote)),
  };
}

function tradedMinute(openTime: EpochMicros, sums: Sums): TradedMinute {
  const scale = Math.max(parseDecimal(sums.open.price).scale, sums.volume.scale);
  return {
    openTime,
    open: sums.open.price,
    high: sums.high,
    low: sums.low,
    close: sums.close.price,
    volume: formatDecimal(sums.volume),
    quoteVolume: trimmed(sums.quoteVolume, scale),
    tradeCount: sums.tradeCount,
    takerBuyVolume: formatDecimal(sums.takerBuyVolume),
    takerBuyQuoteVolume: trimmed(sums.takerBuyQuoteVolume, scale),
  };
}
