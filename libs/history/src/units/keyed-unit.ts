import type { EventKind } from '@app/domain';
import type { KindHistory } from '../kinds/kind-history';
import type { ColumnValue } from '../rows/table';
import { ask, byKeys, type Unit } from '../rows/unit';
import type { KindOutcome } from './kind-outcome';
import { KNOWN_SYMBOLS } from './known-symbols';

/** Accepts each key once: a row for each, of which nothing else follows. An event whose key is known is a repeat. */
export function* keyedUnit<Event>(
  kind: EventKind<Event>,
  { rows: table }: KindHistory,
  events: readonly Event[],
): Unit<KindOutcome> {
  const rows = events.map((event) => {
    const fields = event as Readonly<Record<string, ColumnValue | undefined>>;
    return Object.fromEntries(table.columns.map(({ field }) => [field, fields[field] ?? null]));
  });
  const keys = rows.map((row) => table.keyOf(row));
  const [stored] = yield* ask(byKeys(table, keys));
  const known = new Set(keys.filter((_, index) => stored[index]).map((key) => JSON.stringify(key)));
  const areNew = keys.map((key) => {
    const text = JSON.stringify(key);
    const isNew = !known.has(text);
    known.add(text);
    return isNew;
  });
  const symbols = new Set(events.filter((_, index) => areNew[index]).map((event) => kind.keyOf(event).symbol));
  return {
    outcome: {
      outcomes: areNew.map((isNew) => (isNew ? 'taken' : 'repeat')),
      kept: areNew,
      promoted: [],
      changes: [],
    },
    changes: [
      { kind: 'ensure', table: KNOWN_SYMBOLS, rows: [...symbols].map((symbol) => ({ symbol })) },
      { kind: 'add', table, rows: rows.filter((_, index) => areNew[index]) },
    ],
  };
}
