import type { EpochMicros } from './time';

/**
 * A trading pair as the exchange writes it, e.g. `BTCUSDT`. Symbols need not be ASCII (`币安人生USDT` is listed), so this
 * accepts letters and digits of every script, the three signs that the exchange allows behind the first of them, and
 * nothing that could be markup, a formula, an option, a path or a separator.
 */
export const SYMBOL_PATTERN = /^[\p{L}\p{N}][\p{L}\p{N}_.-]{0,39}$/u;

/** What {@link isSymbol} takes, for whoever wrote something else. */
export const SYMBOL_ALLOWED = '1 to 40 letters and digits, with _ - . after the first';

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

/** Status of a symbol that can be traded now, whatever its exchange calls that. */
export const TRADING = 'TRADING';

/** Status of a symbol of which the exchange has not told. */
export const UNKNOWN_STATUS = 'UNKNOWN';

/** Status of a symbol that the exchange had listed and does not list any more. */
export const DELISTED = 'DELISTED';

export function isTrading({ status }: Pick<SymbolInfo, 'status'>): boolean {
  return status === TRADING;
}

/**
 * What the exchange says of a symbol. Its `status` is one of ours, or, where it is listed and does not trade, the exchange's
 * own word for that: new ones appear without notice, so any text is taken.
 */
export interface SymbolInfo {
  readonly symbol: string;
  readonly baseAsset: string;
  readonly quoteAsset: string;
  readonly status: string;
}

/** What a symbol stands for. */
export type Assets = Pick<SymbolInfo, 'baseAsset' | 'quoteAsset'>;

/** A symbol that stands for something else than before. */
export interface AssetsChange extends Assets {
  readonly symbol: string;
  readonly since: EpochMicros;
  readonly before: Assets;
}
