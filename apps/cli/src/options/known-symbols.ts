import type { SymbolReader } from '@app/domain';
import { UsageError } from './usage.error';

/** The symbols asked for, or all that the store knows, by code points. @throws UsageError for one that it does not know */
export async function knownSymbols(reader: SymbolReader, asked: readonly string[] | undefined): Promise<string[]> {
  const known = await reader.known();
  if (asked === undefined) return known;
  for (const symbol of asked) {
    if (!known.includes(symbol)) throw new UsageError('--symbols', symbol, `symbols that the store knows`);
  }
  return known.filter((symbol) => asked.includes(symbol));
}
