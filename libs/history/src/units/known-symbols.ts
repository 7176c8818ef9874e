import { describeTable } from '../rows/table';
import { ask, inRanges, type Inquiry } from '../rows/unit';

/** The part of `symbols` that any stored event needs: that the symbol exists. */
export const KNOWN_SYMBOLS = describeTable('symbols', ['symbol'], { symbol: 'text' });

/** Finds all symbols of the store, in the order of their names. */
export function* knownSymbols(): Inquiry<readonly string[]> {
  const [[rows = []]] = yield* ask(inRanges(KNOWN_SYMBOLS, [{ prefix: [] }]));
  return rows.map(({ symbol }) => symbol);
}
