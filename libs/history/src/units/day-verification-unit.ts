import { CANDLE_NUMBER_FIELDS } from '@app/domain';
import type { CandleNumbers, DayVerification, DifferenceReason, KnownDifference } from '@app/domain';
import { describeTable, type RowOf } from '../rows/table';
import { ask, byKeys, inRanges, type Inquiry, type Unit, type WrittenRows } from '../rows/unit';

/** What comparisons of stored days with the exchange's own have found: `equal` or `differs`. */
export const DAY_VERIFICATIONS = describeTable('day_verifications', ['symbol', 'date'], {
  symbol: 'text',
  date: 'time',
  result: 'text',
  checkedAt: 'time',
});

/** Days of which the exchange itself says two things, with the numbers of both as JSON. */
export const KNOWN_DIFFERENCES = describeTable('known_differences', ['symbol', 'date'], {
  symbol: 'text',
  date: 'time',
  reason: 'text',
  storedNumbers: 'text',
  exchangeNumbers: 'text',
  foundAt: 'time',
});

type VerificationRow = RowOf<typeof DAY_VERIFICATIONS>;
type DifferenceRow = RowOf<typeof KNOWN_DIFFERENCES>;

/**
 * Keeps what comparisons of days have found, in the place of what was said of these days before: one that is equal now is no
 * known difference any more. Differences of other days are not looked at.
 */
export function* verifiedUnit(
  verifications: readonly DayVerification[],
  differences: readonly KnownDifference[],
): Unit<void> {
  const dates = new Map(verifications.map((day) => [dayKey(day), [day.symbol, day.date] as const]));
  const [before] = yield* ask(byKeys(KNOWN_DIFFERENCES, [...dates.values()]));
  const old = before.flatMap((row) => (row ? [KNOWN_DIFFERENCES.keyOf(row)] : []));
  const results = verifications.map(({ symbol, date, result, checkedAt }) => ({ symbol, date, result, checkedAt }));
  const known = new Map(differences.map((difference) => [dayKey(difference), difference]));
  const now = [...dates.keys()].flatMap((key) => known.get(key) ?? []).map(rowOf);
  return {
    outcome: undefined,
    changes: [
      { kind: 'put', table: DAY_VERIFICATIONS, rows: results } satisfies WrittenRows<VerificationRow>,
      { kind: 'remove', table: KNOWN_DIFFERENCES, keys: old },
      { kind: 'add', table: KNOWN_DIFFERENCES, rows: now } satisfies WrittenRows<DifferenceRow>,
    ],
  };
}

/** Known differences of a symbol, ascending by date. */
export function* knownDifferencesOf(symbol: string): Inquiry<KnownDifference[]> {
  const [[rows = []]] = yield* ask(inRanges(KNOWN_DIFFERENCES, [{ prefix: [symbol] }]));
  return rows.map(({ date, reason, storedNumbers, exchangeNumbers, foundAt }) => ({
    symbol,
    date,
    reason: reason as DifferenceReason,
    stored: JSON.parse(storedNumbers) as CandleNumbers,
    exchange: JSON.parse(exchangeNumbers) as CandleNumbers,
    foundAt,
  }));
}

function dayKey({ symbol, date }: Pick<DayVerification, 'symbol' | 'date'>): string {
  return `${symbol} ${date}`;
}

function rowOf({ symbol, date, reason, stored, exchange, foundAt }: KnownDifference): DifferenceRow {
  const [storedNumbers, exchangeNumbers] = [numbersText(stored), numbersText(exchange)];
  return { symbol, date, reason, storedNumbers, exchangeNumbers, foundAt };
}

/** The numbers alone, in their order, whatever else the object has. */
function numbersText(candle: CandleNumbers): string {
  return JSON.stringify(Object.fromEntries(CANDLE_NUMBER_FIELDS.map((field) => [field, candle[field]])));
}
