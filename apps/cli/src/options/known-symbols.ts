import type { SymbolReader } from '@app/domain';
import { UsageError } from './usage.error';

/** Named in a message; the rest is a number. */
const MOST_NAMED = 20;

/** The symbols asked for, or all that the store knows, by code points. @throws UsageError for one that it does not know */
export async function knownSymbols(reader: SymbolReader, asked: readonly string[] | undefined): Promise<string[]> {
  const known = await reader.known();
  if (asked === undefined) return known;
  for (const symbol of asked) {
    if (!known.includes(symbol)) throw new UsageError('--symbols', symbol, describe(known));
  }
  return known.filter((symbol) => asked.includes(symbol));
}

function describe(known: readonly string[]): string {
  if (known.length === 0) return 'symbols that the store knows: there are none yet';
  const more = known.length > MOST_NAMED ? `, … (${known.length} in all)` : '';
  return `symbols that the store knows: ${known.slice(0, MOST_NAMED).join(', ')}${more}`;
}
