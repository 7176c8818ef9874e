/**
 * A trading pair as the exchange writes it, e.g. `BTCUSDT`. Symbols need not be ASCII (`币安人生USDT` is listed), so this
 * accepts letters and digits of every script, and nothing that could be markup, a formula, a path or a separator.
 */
export const SYMBOL_PATTERN = /^[\p{L}\p{N}]{1,40}$/u;

export function isSymbol(text: string): boolean {
  return SYMBOL_PATTERN.test(text);
}

/** Upper-cases ASCII letters only: the exchange's symbols are upper case, other scripts are left alone. */
export function normaliseSymbol(text: string): string {
  return text.replace(/[a-z]/g, (letter) => letter.toUpperCase());
}

/** Orders by code points (not by UTF-16 units, not by locale), as rows are ordered wherever symbols are served. */
export function compareCodePoints(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index += 1) {
    const [left, right] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Puts surrogates, which stand for code points above U+FFFF, behind all other UTF-16 units. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/**
 * State of a symbol on the exchange: `TRADING`, `HALT`, `BREAK`, `END_OF_DAY`, `CANCEL_ONLY` so far; new ones appear
 * without notice, so any text is taken. `UNKNOWN` is ours: the exchange has not told.
 */
export interface SymbolInfo {
  readonly symbol: string;
  readonly baseAsset: string;
  readonly quoteAsset: string;
  readonly status: string;
}
