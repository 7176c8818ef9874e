import { isDecimalText, type TickerRow } from '@app/domain';
import { MalformedAnswerError } from '../malformed-answer.error';
import type { DroppedRow, MappedRows } from './dropped-rows';

/**
 * Rows of `ticker/24hr` for the symbols asked for, in the answer's order; numbers stay the exchange's own text. A row
 * that cannot be read is left out, never the others. Rows of other symbols and unknown keys are passed over.
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
  const dropped: DroppedRow[] = [];
  for (const item of list) {
    const row = (item ?? {}) as Readonly<Record<string, unknown>>;
    const { symbol } = row;
    if (typeof symbol !== 'string') {
      dropped.push({ reason: 'malformed', detail: 'a ticker row without a symbol' });
      continue;
    }
    if (!asked.has(symbol)) continue;
    const { lastPrice, priceChangePercent, volume } = row;
    if (!isAmount(lastPrice) || !isAmount(volume) || !isDecimal(priceChangePercent)) {
      const values = JSON.stringify({ lastPrice, priceChangePercent, volume }).slice(0, 200);
      dropped.push({ reason: 'malformed', symbol, detail: `ticker of ${symbol}: ${values}` });
    } else if (rows.has(symbol)) {
      dropped.push({ reason: 'duplicate', symbol, detail: `a second ticker of ${symbol}` });
    } else {
      rows.set(symbol, { symbol, lastPrice, priceChangePercent, volume });
    }
  }
  return { rows: [...rows.values()], dropped };
}

function isDecimal(value: unknown): value is string {
  return typeof value === 'string' && isDecimalText(value);
}

function isAmount(value: unknown): value is string {
  return isDecimal(value) && !value.startsWith('-');
}
