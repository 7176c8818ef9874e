import { DELISTED, type EpochMicros, type SymbolInfo } from '@app/domain';
import { describeTable, pickColumns, type RowOf } from '../rows/table';
import { ask, byKeys, inRanges, type Inquiry, type RowChange, type Unit, type WrittenRows } from '../rows/unit';

/** Of symbols, the exchange's own description. */
export const SYMBOL_INFOS = describeTable('symbols', ['symbol'], {
  symbol: 'text',
  baseAsset: 'text?',
  quoteAsset: 'text?',
  status: 'text',
});

/** Of symbols, their status alone. */
export const SYMBOL_STATUSES = pickColumns(SYMBOL_INFOS, ['symbol', 'status']);

/** Of symbols, where the exchange's own history of them begins. */
export const FIRST_MINUTES = describeTable('symbols', ['symbol'], { symbol: 'text', firstMinute: 'time?' });

type SymbolStatusRow = RowOf<typeof SYMBOL_STATUSES>;

/** Finds all symbols of the store with their status, in the order of their names. */
export function* symbolStatuses(): Inquiry<readonly SymbolStatusRow[]> {
  const [[rows = []]] = yield* ask(inRanges(SYMBOL_STATUSES, [{ prefix: [] }]));
  return rows;
}

/** Stores the exchange's own description of symbols. Returns those of which it has changed. */
export function* describeSymbolsUnit(symbols: readonly SymbolInfo[]): Unit<readonly string[]> {
  const given = [...new Map(symbols.map((info) => [info.symbol, info])).values()];
  const [known] = yield* ask(
    byKeys(
      SYMBOL_INFOS,
      given.map(({ symbol }) => [symbol]),
    ),
  );
  const rows = given.filter(({ baseAsset, quoteAsset, status }, index) => {
    const row = known[index];
    return row?.baseAsset !== baseAsset || row.quoteAsset !== quoteAsset || row.status !== status;
  });
  return {
    outcome: rows.map(({ symbol }) => symbol),
    changes: [{ kind: 'put', table: SYMBOL_INFOS, rows } satisfies WrittenRows<RowOf<typeof SYMBOL_INFOS>>],
  };
}

/** Notes of known symbols that the exchange does not list them any more. Returns those of which that is new. */
export function* delistUnit(symbols: readonly string[]): Unit<readonly string[]> {
  const names = [...new Set(symbols)];
  const [known] = yield* ask(
    byKeys(
      SYMBOL_STATUSES,
      names.map((symbol) => [symbol]),
    ),
  );
  const delisted = known.flatMap((row) => (row && row.status !== DELISTED ? [row.symbol] : []));
  const rows = delisted.map((symbol): SymbolStatusRow => ({ symbol, status: DELISTED }));
  return {
    outcome: delisted,
    changes: [{ kind: 'put', table: SYMBOL_STATUSES, rows } satisfies WrittenRows<SymbolStatusRow>],
  };
}

/** Finds where the exchange's own history of a symbol begins; undefined before it has told. */
export function* firstMinuteOf(symbol: string): Inquiry<EpochMicros | undefined> {
  const [[row]] = yield* ask(byKeys(FIRST_MINUTES, [[symbol]]));
  return row?.firstMinute ?? undefined;
}

/** That the exchange's own history of a symbol begins with a minute. */
export function notedFirstMinute(symbol: string, firstMinute: EpochMicros): RowChange {
  return { kind: 'put', table: FIRST_MINUTES, rows: [{ symbol, firstMinute }] };
}
