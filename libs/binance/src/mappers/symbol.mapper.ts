import { isSymbol, TRADING, type SymbolInfo } from '@app/domain';
import { MalformedAnswerError } from '../malformed-answer.error';
import type { DroppedRow, MappedRows } from './dropped-rows';

/** Binance's word for a symbol that can be traded; all others say why it cannot. */
const TRADES = 'TRADING';

const TEXT = /^[^\p{Cc}]{1,64}$/u;

/**
 * Symbols of `exchangeInfo`, or those of them that were asked for. Any status is taken: new ones appear without notice.
 * @throws MalformedAnswerError when there is no list of symbols
 */
export function mapSymbols(body: unknown, asked?: ReadonlySet<string>): MappedRows<SymbolInfo> {
  const list = (body as { symbols?: unknown } | null)?.symbols;
  if (!Array.isArray(list)) throw new MalformedAnswerError('exchangeInfo without a list of symbols');
  const rows = new Map<string, SymbolInfo>();
  const dropped: DroppedRow[] = [];
  for (const item of list as unknown[]) {
    const { symbol, baseAsset, quoteAsset, status } = (item ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof symbol !== 'string') {
      dropped.push({ reason: 'broken', detail: 'a symbol of exchangeInfo without a name' });
      continue;
    }
    if (asked?.has(symbol) === false) continue;
    if (!isSymbol(symbol)) {
      dropped.push({ reason: 'broken', detail: `exchangeInfo has a symbol ${JSON.stringify(symbol)}, which is none` });
    } else if (!isText(baseAsset) || !isText(quoteAsset) || !isText(status)) {
      dropped.push({ reason: 'broken', symbol, detail: `exchangeInfo of ${symbol} without assets or status` });
    } else if (rows.has(symbol)) {
      dropped.push({ reason: 'duplicate', symbol, detail: `${symbol} twice in exchangeInfo` });
    } else {
      rows.set(symbol, { symbol, baseAsset, quoteAsset, status: status === TRADES ? TRADING : status });
    }
  }
  return { rows: [...rows.values()], dropped };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && TEXT.test(value);
}
