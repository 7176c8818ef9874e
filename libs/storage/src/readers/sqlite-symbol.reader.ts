import {
  DAY,
  SymbolReader,
  coveragePercent,
  floorTo,
  latestStamp,
  ledgerEnd,
  minutesIn,
  compareCodePoints,
  SymbolEntity,
  type Clock,
  type EpochMicros,
  type SymbolSummary,
} from '@app/domain';
import { In } from 'typeorm';
import type { ReadStore } from './read-store';

interface SpanRow {
  readonly first: number | null;
  readonly last: number | null;
}

const DATES = `
  SELECT min(first) AS first, max(last) AS last FROM (
    SELECT min(open_time) AS first, max(open_time) AS last FROM candles_1d WHERE symbol = @symbol
    UNION ALL
    SELECT min(date), max(date) FROM ticker_days WHERE symbol = @symbol AND date <= @latest)`;

export class SqliteSymbolReader extends SymbolReader {
  constructor(
    private readonly store: ReadStore,
    private readonly clock: Clock,
  ) {
    super();
  }

  async known(): Promise<string[]> {
    const rows = await this.store.read(() =>
      this.store.connection.getRepository(SymbolEntity).find({ select: { symbol: true } }),
    );
    return rows.map(({ symbol }) => symbol).sort(compareCodePoints);
  }

  summaries(symbols: readonly string[]): Promise<SymbolSummary[]> {
    return this.store.read(() => this.readSummaries(symbols));
  }

  private async readSummaries(symbols: readonly string[]): Promise<SymbolSummary[]> {
    const entities = await this.store.connection.getRepository(SymbolEntity).findBy({ symbol: In([...symbols]) });
    const bySymbol = new Map(entities.map((entity) => [entity.symbol, entity]));
    return symbols.flatMap((symbol) => {
      const entity = bySymbol.get(symbol);
      return entity ? [this.summary(entity)] : [];
    });
  }

  private summary(entity: SymbolEntity): SymbolSummary {
    const { symbol } = entity;
    const latest = latestStamp(this.clock.now());
    const dates = this.store
      .statement<[{ symbol: string; latest: EpochMicros }], SpanRow>(DATES)
      .get({ symbol, latest });
    const lastEvent = this.store
      .statement<[string, EpochMicros], { last: number | null }>(
        'SELECT max(timestamp) AS last FROM price_events WHERE symbol = ? AND timestamp <= ?',
      )
      .get(symbol, latest);
    const lastMinute = this.store
      .statement<[string], { last: number | null }>('SELECT max(open_time) AS last FROM candles_1m WHERE symbol = ?')
      .get(symbol);
    return {
      symbol,
      baseAsset: entity.baseAsset,
      quoteAsset: entity.quoteAsset,
      status: entity.status,
      firstDate: dates?.first ?? null,
      lastDate: dates?.last ?? null,
      lastMinute: lastMinute?.last ?? null,
      lastEvent: lastEvent?.last ?? null,
      coveragePercent: this.coverage(symbol, entity.ledgerStart),
      assetsSince: this.assetsSince(symbol),
    };
  }

  private assetsSince(symbol: string): EpochMicros | null {
    // What it stood for when the exchange was first asked has no time of its own.
    const sql = 'SELECT nullif(max(since), 0) AS since FROM symbol_assets WHERE symbol = ?';
    return this.store.statement<[string], { since: number | null }>(sql).get(symbol)?.since ?? null;
  }

  private coverage(symbol: string, ledgerStart: EpochMicros | null): string {
    const end = ledgerEnd(this.clock.now());
    if (ledgerStart === null || ledgerStart >= end) return coveragePercent(0, 0);
    const expected = minutesIn({ start: ledgerStart, end });
    const accounted = this.accounted(symbol, end);
    return coveragePercent(expected, Math.max(0, expected - accounted));
  }

  /** Minutes in a recorded state before `end`: whole days from gold, the last days from the ledger itself. */
  private accounted(symbol: string, end: EpochMicros): number {
    const lastDay = floorTo(end, DAY);
    const days = this.store
      .statement<[string, number], { minutes: number | null }>(
        'SELECT sum(captured + quiet + stopped) AS minutes FROM coverage_days WHERE symbol = ? AND date < ?',
      )
      .get(symbol, lastDay);
    const today = this.store
      .statement<[{ symbol: string; from: number; to: number }], { micros: number | null }>(
        `SELECT sum(min(end_time, @to) - max(start_time, @from)) AS micros FROM coverage
         WHERE symbol = @symbol AND start_time < @to AND end_time > @from
           AND start_time >= coalesce(
             (SELECT max(start_time) FROM coverage WHERE symbol = @symbol AND start_time <= @from), 0)`,
      )
      .get({ symbol, from: lastDay, to: end });
    return (days?.minutes ?? 0) + minutesIn({ start: 0, end: today?.micros ?? 0 });
  }
}
