import { isSymbol, normaliseSymbol, SYMBOL_ALLOWED } from './symbol';

const LEAVE_OUT = '!';
const ANYTHING = '*';
/** What stands for a pattern's `*` when the rest of it is looked at. */
const SOME_SYMBOL = 'A';

/** What {@link isChoiceEntry} takes, for whoever wrote something else. */
export const CHOICE_ENTRY_ALLOWED = `symbols of ${SYMBOL_ALLOWED}, patterns of them with * (*USDT), or either behind ! to leave out`;

/** Whether a text is an entry of a {@link SymbolChoice}: a symbol, a pattern, or either behind `!`. */
export function isChoiceEntry(text: string): boolean {
  const [, pattern = ''] = /^!?(.*)$/su.exec(normaliseSymbol(text)) ?? [];
  return isSymbol(pattern.replaceAll(/\*+/g, SOME_SYMBOL));
}

/**
 * Which symbols are wanted: those that are named, and those of the exchange that a pattern fits (`*` stands for any
 * text). What an entry behind `!` fits is left out, wherever it stands.
 */
export class SymbolChoice {
  /** The named ones, in their order and without those that are left out. */
  readonly names: readonly string[];
  private readonly patterns: readonly RegExp[];
  private readonly left: readonly RegExp[];

  /** @param entries each an entry as {@link isChoiceEntry} takes it */
  constructor(private readonly entries: readonly string[]) {
    const wanted = entries.map(normaliseSymbol);
    const taken = wanted.filter((entry) => !entry.startsWith(LEAVE_OUT));
    this.left = wanted.filter((entry) => entry.startsWith(LEAVE_OUT)).map((entry) => expressionOf(entry.slice(1)));
    this.patterns = taken.filter((entry) => entry.includes(ANYTHING)).map(expressionOf);
    this.names = [...new Set(taken.filter((entry) => !entry.includes(ANYTHING) && !this.leavesOut(entry)))];
  }

  /** As it is written. */
  toString(): string {
    return this.entries.join(',');
  }

  /** Whether the exchange has to say which symbols they are. */
  get hasPatterns(): boolean {
    return this.patterns.length > 0;
  }

  /** Whether a pattern fits the symbol, and nothing leaves it out. */
  fits(symbol: string): boolean {
    return this.patterns.some((pattern) => pattern.test(symbol)) && isSymbol(symbol) && !this.leavesOut(symbol);
  }

  private leavesOut(symbol: string): boolean {
    return this.left.some((pattern) => pattern.test(symbol));
  }
}

/** Symbols are short, so what many `*` cost does not matter. */
function expressionOf(pattern: string): RegExp {
  const parts = pattern.split(/\*+/).map((part) => part.replaceAll('.', '\\.'));
  return new RegExp(`^${parts.join('.*')}$`, 'su');
}
