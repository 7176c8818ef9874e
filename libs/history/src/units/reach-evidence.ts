import { compareDecimalTexts, DAY, floorTo, MINUTE, type EpochMicros, type ReachEvidence } from '@app/domain';
import { CANDLES_1M, type MinuteRow } from '../kinds/candle-tables';
import type { RowOf } from '../rows/table';
import { ask, byKeys, inRanges, type Inquiry, type KeyRange } from '../rows/unit';
import { SYMBOL_LEDGERS } from './ledger-tables';
import { PRICE_EVENTS } from './price-unit';

/** Prices that are held against the minutes of their stamps. */
const PRICES_COMPARED = 300;
/** A stamp may be a little off, and a price is that of the last trade. */
const MINUTES_AROUND = 2;
/** A ledger is looked at when its begin is further back than this, and its first prices end in a pause as long. */
const PAUSE: EpochMicros = DAY;
/** The first poll comes just before or after the ledger begins. */
const BEFORE_TRACKING: EpochMicros = 10 * MINUTE;

type PriceRow = RowOf<typeof PRICE_EVENTS>;

/**
 * Tells whether a ledger began by a clock that was behind: then the first polled prices are not those of the minutes at
 * their stamps, which the exchange has told as they were. Undefined for a symbol without a ledger, with one that is young,
 * and with one that was looked at before.
 */
export function* reachEvidence(symbol: string, now: EpochMicros): Inquiry<ReachEvidence | undefined> {
  const [[ledger]] = yield* ask(byKeys(SYMBOL_LEDGERS, [[symbol]]));
  if (ledger?.backfillPlanned !== true || ledger.reachChecked) return undefined;
  const { trackedSince } = ledger;
  if (trackedSince === null || trackedSince >= now - PAUSE) return undefined;
  const from = trackedSince - BEFORE_TRACKING;
  const [[first = []]] = yield* ask(inRanges(PRICE_EVENTS, [{ prefix: [symbol], from, only: PRICES_COMPARED }]));
  const prices = upToPause(first);
  const [around] = yield* ask(inRanges(CANDLES_1M, prices.map(minutesAround)));
  let [compared, outside] = [0, 0];
  for (const [index, { lastPrice }] of prices.entries()) {
    const traded = around[index]?.filter(({ tradeCount }) => tradeCount > 0) ?? [];
    if (traded.length === 0) continue;
    compared += 1;
    if (isOutside(lastPrice, traded)) outside += 1;
  }
  const begin = first[0]?.timestamp;
  const resumedAt = outside === 0 || begin === undefined ? undefined : yield* afterPause(symbol, begin);
  return { trackedSince, compared, outside, resumedAt };
}

/** Prices up to the first pause. */
function upToPause(prices: readonly PriceRow[]): readonly PriceRow[] {
  const end = prices.findIndex(
    ({ timestamp }, index) => timestamp - (prices[index - 1]?.timestamp ?? timestamp) > PAUSE,
  );
  return end < 0 ? prices : prices.slice(0, end);
}

function minutesAround({ symbol, timestamp }: PriceRow): KeyRange {
  const minute = floorTo(timestamp, MINUTE);
  return {
    prefix: [symbol],
    from: minute - MINUTES_AROUND * MINUTE,
    until: minute + (MINUTES_AROUND + 1) * MINUTE,
  };
}

/** Whether a price is above or below all that was traded. */
function isOutside(price: string, minutes: readonly MinuteRow[]): boolean {
  const isBelow = minutes.every(({ low }) => compareDecimalTexts(price, low) < 0);
  return isBelow || minutes.every(({ high }) => compareDecimalTexts(price, high) > 0);
}

/**
 * Finds the first price of a symbol that comes more than a pause after the one before it, from a price on. No pause lies
 * between two prices that are no further apart than one is long, so each step goes to the last of those.
 */
function* afterPause(symbol: string, begin: EpochMicros): Inquiry<EpochMicros | undefined> {
  for (let last = begin; ;) {
    const until = last + PAUSE + 1;
    const [[[within] = []]] = yield* ask(
      inRanges(PRICE_EVENTS, [{ prefix: [symbol], from: last + 1, until, only: 'last' }]),
    );
    if (!within) {
      const [[[resumed] = []]] = yield* ask(inRanges(PRICE_EVENTS, [{ prefix: [symbol], from: until, only: 'first' }]));
      return resumed?.timestamp;
    }
    last = within.timestamp;
  }
}
