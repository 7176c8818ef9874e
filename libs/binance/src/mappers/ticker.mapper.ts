import { AMOUNT_RULE, CHANGE_RULE, isAmountText, isChangeText, type TickerRow } from '@app/domain';
import { MalformedAnswerError } from '../malformed-answer.error';
import { faultOf } from './broken-row';
import type { DroppedRow, MappedRows } from './dropped-rows';

/**
 * Rows of `ticker/24hr` for the symbols asked for, in the answer's order; numbers stay the exchange's own text. A row
 * that breaks the contract, or stands beside another one of its symbol, is left out, never the others. Rows of other
 * symbols and unknown keys are passed over.
 *
 * @throws MalformedAnswerError when the body is neither a list nor one row
 */
export function mapTickers(body: unknown, asked: ReadonlySet<string>): MappedRows<TickerRow> {
  // One symbol may be answered with the row alone.
  const list = Array.isArray(body) ? (body as unknown[]) : [body];
  if (typeof body !== 'object' || body === null || (!Array.isArray(body) && !('symbol' in body))) {
    throw new MalformedAnswerError('ticker/24hr without rows');
  }
  const rows = new Map<string, TickerRow>();
  const left = new Map<string, DroppedRow>();
  const dropped: DroppedRow[] = [];
  for (const item of list) {
    const row = (item ?? {}) as Readonly<Record<string, unknown>>;
    const { symbol } = row;
    if (typeof symbol !== 'string') {
      dropped.push({ reason: 'broken', detail: `a ticker row: ${faultOf('symbol', symbol, 'a text')}` });
      continue;
    }
    if (!asked.has(symbol)) continue;
    const judged = judge(symbol, row);
    const known = rows.get(symbol);
    if ('fault' in judged) {
      left.set(symbol, { reason: 'broken', symbol, detail: `the ticker of ${symbol}: ${judged.fault}` });
    } else if (known === undefined) {
      rows.set(symbol, judged);
    } else if (isSameTicker(known, judged)) {
      dropped.push({ reason: 'duplicate', symbol, detail: `the ticker of ${symbol} is there twice` });
    } else {
      left.set(symbol, { reason: 'conflicting', symbol, detail: conflictOf(known, judged) });
    }
  }
  // A symbol whose row was left out has none, whatever else stood there for it.
  for (const symbol of left.keys()) rows.delete(symbol);
  return { rows: [...rows.values()], dropped: [...dropped, ...left.values()] };
}

const RULES = {
  lastPrice: { isAllowed: isAmountText, rule: AMOUNT_RULE },
  priceChangePercent: { isAllowed: isChangeText, rule: CHANGE_RULE },
  volume: { isAllowed: isAmountText, rule: AMOUNT_RULE },
} as const;
const FIELDS = Object.keys(RULES) as (keyof typeof RULES)[];

function judge(symbol: string, row: Readonly<Record<string, unknown>>): TickerRow | { readonly fault: string } {
  for (const field of FIELDS) {
    const value = row[field];
    const { isAllowed, rule } = RULES[field];
    if (typeof value !== 'string' || !isAllowed(value)) return { fault: faultOf(field, value, rule) };
  }
  const { lastPrice, priceChangePercent, volume } = row as unknown as TickerRow;
  return { symbol, lastPrice, priceChangePercent, volume };
}

function isSameTicker(one: TickerRow, other: TickerRow): boolean {
  return FIELDS.every((field) => one[field] === other[field]);
}

function conflictOf(one: TickerRow, other: TickerRow): string {
  const field = FIELDS.find((name) => one[name] !== other[name]) ?? 'lastPrice';
  return `the ticker of ${one.symbol} is there twice, with ${field} ${one[field]} and ${other[field]}`;
}
