import type { AssetsChange, EpochMicros, SymbolInfo } from '@app/domain';
import { describeTable, pickColumns, type RowOf } from '../rows/table';
import { ask, inRanges, type Unit, type WrittenRows } from '../rows/unit';
import { SYMBOL_INFOS } from './symbol-list';

/** What each symbol stood for, and from when on: an exchange gives the name of a delisted pair to another one. */
export const SYMBOL_ASSETS = describeTable('symbol_assets', ['symbol', 'since'], {
  symbol: 'text',
  since: 'time',
  baseAsset: 'text',
  quoteAsset: 'text',
});

/** The part of `symbols` that says what they stand for now. */
export const SYMBOL_PAIRS = pickColumns(SYMBOL_INFOS, ['symbol', 'baseAsset', 'quoteAsset']);

type SymbolAssetsRow = RowOf<typeof SYMBOL_ASSETS>;

/** `since` of what a symbol stood for when the exchange was first asked. */
const FROM_THE_FIRST = 0;

/** Notes what the exchange says at a time that symbols stand for. Returns what has changed with it. */
export function* noteAssetsUnit(symbols: readonly SymbolInfo[], now: EpochMicros): Unit<readonly AssetsChange[]> {
  const [found] = yield* ask(
    inRanges(
      SYMBOL_ASSETS,
      symbols.map(({ symbol }) => ({ prefix: [symbol], only: 'last' })),
    ),
  );
  const newest = new Map(found.flat().map((row) => [row.symbol, row]));
  const rows: SymbolAssetsRow[] = [];
  const changes: AssetsChange[] = [];
  for (const { symbol, baseAsset, quoteAsset } of symbols) {
    const known = newest.get(symbol);
    if (known?.baseAsset === baseAsset && known.quoteAsset === quoteAsset) continue;
    // Later than what was noted before, whatever a clock says that was put right.
    const since = known ? Math.max(now, known.since + 1) : FROM_THE_FIRST;
    const row = { symbol, since, baseAsset, quoteAsset };
    newest.set(symbol, row);
    rows.push(row);
    if (known) changes.push({ ...row, before: { baseAsset: known.baseAsset, quoteAsset: known.quoteAsset } });
  }
  return { outcome: changes, changes: [{ kind: 'add', table: SYMBOL_ASSETS, rows }] };
}

/** Accepts a change as it was noted in a database that was lost; changes come in the order of the notes. */
export function* restoreAssetsUnit({ symbol, baseAsset, quoteAsset, since, before }: AssetsChange): Unit<void> {
  const [[known = []]] = yield* ask(inRanges(SYMBOL_ASSETS, [{ prefix: [symbol], only: 'last' }]));
  const first = { symbol, since: FROM_THE_FIRST, baseAsset: before.baseAsset, quoteAsset: before.quoteAsset };
  const changed = { symbol, since, baseAsset, quoteAsset };
  return {
    outcome: undefined,
    changes: [
      {
        kind: 'ensure',
        table: SYMBOL_ASSETS,
        rows: known.length === 0 ? [first, changed] : [changed],
      } satisfies WrittenRows<SymbolAssetsRow>,
      { kind: 'put', table: SYMBOL_PAIRS, rows: [{ symbol, baseAsset, quoteAsset }] },
    ],
  };
}
