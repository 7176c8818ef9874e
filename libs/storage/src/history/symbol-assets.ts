import type { AssetsChange, EpochMicros, SymbolInfo } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';

/** `since` of what a symbol stood for when the exchange was first asked. */
const FROM_THE_FIRST = 0;

interface AssetsRow {
  readonly since: number;
  readonly base_asset: string;
  readonly quote_asset: string;
}

/** Keeps what each symbol stood for, and from when on. Inside write units only. */
export class SymbolAssets {
  private readonly selectNewest: Statement<[string], AssetsRow>;
  private readonly insert: Statement<[string, number, string, string]>;
  private readonly describe: Statement<[string, string, string]>;

  constructor(database: SqliteHandle) {
    this.selectNewest = database.prepare(
      'SELECT since, base_asset, quote_asset FROM symbol_assets WHERE symbol = ? ORDER BY since DESC LIMIT 1',
    );
    this.insert = database.prepare(
      'INSERT OR IGNORE INTO symbol_assets (symbol, since, base_asset, quote_asset) VALUES (?, ?, ?, ?)',
    );
    this.describe = database.prepare(
      `INSERT INTO symbols (symbol, base_asset, quote_asset) VALUES (?, ?, ?)
       ON CONFLICT (symbol) DO UPDATE SET base_asset = excluded.base_asset, quote_asset = excluded.quote_asset`,
    );
  }

  /** Notes what the exchange says at a time; returns what has changed with it. */
  note({ symbol, baseAsset, quoteAsset }: SymbolInfo, now: EpochMicros): AssetsChange | undefined {
    const newest = this.selectNewest.get(symbol);
    if (newest?.base_asset === baseAsset && newest.quote_asset === quoteAsset) return undefined;
    if (!newest) {
      this.insert.run(symbol, FROM_THE_FIRST, baseAsset, quoteAsset);
      return undefined;
    }
    // Later than what was noted before, whatever a clock says that was put right.
    const since = Math.max(now, newest.since + 1);
    this.insert.run(symbol, since, baseAsset, quoteAsset);
    const before = { baseAsset: newest.base_asset, quoteAsset: newest.quote_asset };
    return { symbol, baseAsset, quoteAsset, since, before };
  }

  /** Takes a change as it was noted in a database that was lost; in the order of the notes. */
  restore({ symbol, baseAsset, quoteAsset, since, before }: AssetsChange): void {
    if (!this.selectNewest.get(symbol)) this.insert.run(symbol, FROM_THE_FIRST, before.baseAsset, before.quoteAsset);
    this.insert.run(symbol, since, baseAsset, quoteAsset);
    this.describe.run(symbol, baseAsset, quoteAsset);
  }
}
