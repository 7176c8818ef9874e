import { SymbolEntity, SymbolReader, compareCodePoints, type Clock, type SymbolSummary } from '@app/domain';
import { symbolSummaries } from '@app/history';
import { In } from 'typeorm';
import type { ReadStore } from './read-store';
import { SqliteSymbolRows } from './sqlite-symbol-rows';

export class SqliteSymbolReader extends SymbolReader {
  private readonly rows: SqliteSymbolRows;

  constructor(
    private readonly store: ReadStore,
    private readonly clock: Clock,
  ) {
    super();
    this.rows = new SqliteSymbolRows(store);
  }

  async known(): Promise<string[]> {
    const rows = await this.store.read(() =>
      this.store.connection.getRepository(SymbolEntity).find({ select: { symbol: true } }),
    );
    return rows.map(({ symbol }) => symbol).sort(compareCodePoints);
  }

  summaries(symbols: readonly string[]): Promise<SymbolSummary[]> {
    return this.store.read(async () => {
      const found = await this.store.connection.getRepository(SymbolEntity).findBy({ symbol: In([...symbols]) });
      return this.store.readInOneState(() => symbolSummaries(this.rows, symbols, found, this.clock.now()));
    });
  }
}
