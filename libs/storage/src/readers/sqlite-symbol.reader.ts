import {
  DAY,
  SymbolReader,
  coverageMovedAt,
  coveragePercent,
  floorTo,
  latestStamp,
  ledgerEnd,
  minutesIn,
  compareCodePoints,
  SymbolEntity,
  type Clock,
  type EpochMicros,
  type LedgerTail,
  type SymbolSummary,
  type TimeRange,
} from '@app/domain';
import { ledgerTail } from '@app/history';
import { In } from 'typeorm';
import type { ReadStore } from './read-store';

interface SpanRow {
  readonly first: number | null;
  readonly last: number | null;
  /** Newest capture of a candle. */
  readonly captured: number | null;
}

/** How much of a ledger is accounted for. */
interface Coverage {
  readonly percent: string;
  readonly changedAt: EpochMicros;
}

interface AccountedRow {
  readonly minutes: number | null;
  readonly changed: number | null;
}

const DATES = `
  SELECT min(first) AS first, max(last) AS last, max(captured) AS captured FROM (
    SELECT min(open_time) AS first, max(open_time) AS last, max(captured_at) AS captured
    FROM candles_1d WHERE symbol = @symbol
    UNION ALL
    SELECT min(date), max(date), NULL FROM ticker_days WHERE symbol = @symbol AND date <= @latest)`;

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
    const coverage = this.coverage(symbol, entity.ledgerStart);
    const assetsSince = this.assetsSince(symbol);
    return {
      symbol,
      baseAsset: entity.baseAsset,
      quoteAsset: entity.quoteAsset,
      status: entity.status,
      firstDate: dates?.first ?? null,
      lastDate: dates?.last ?? null,
      lastMinute: lastMinute?.last ?? null,
      lastEvent: lastEvent?.last ?? null,
      coveragePercent: coverage.percent,
      assetsSince,
      changedAt: Math.max(dates?.captured ?? 0, lastEvent?.last ?? 0, coverage.changedAt, assetsSince ?? 0),
    };
  }

  private assetsSince(symbol: string): EpochMicros | null {
    // What it stood for when the exchange was first asked has no time of its own.
    const sql = 'SELECT nullif(max(since), 0) AS since FROM symbol_assets WHERE symbol = ?';
    return this.store.statement<[string], { since: number | null }>(sql).get(symbol)?.since ?? null;
  }

  private coverage(symbol: string, start: EpochMicros | null): Coverage {
    const end = ledgerEnd(this.clock.now());
    if (start === null || start >= end) return { percent: coveragePercent(0, 0), changedAt: 0 };
    const span = { start, end };
    const expected = minutesIn(span);
    const { minutes, changed } = this.accounted(symbol, end);
    const missing = Math.max(0, expected - minutes);
    const movedAt = missing === 0 ? 0 : coverageMovedAt(span, missing, this.tail(symbol, span));
    return { percent: coveragePercent(expected, missing), changedAt: Math.max(changed, movedAt) };
  }

  private tail(symbol: string, { start, end }: TimeRange): LedgerTail {
    const sql = `SELECT start_time AS start, end_time AS "end" FROM coverage WHERE symbol = ? AND start_time < ?
      ORDER BY start_time DESC LIMIT 1`;
    const run = this.store.statement<[string, EpochMicros], TimeRange>(sql).get(symbol, end);
    return run ? ledgerTail(run, end) : { start, isMissing: true };
  }

  /** Minutes in a recorded state before `end` (whole days from gold, the last days from the ledger), and their newest change. */
  private accounted(symbol: string, end: EpochMicros): { readonly minutes: number; readonly changed: EpochMicros } {
    const lastDay = floorTo(end, DAY);
    const days = this.store
      .statement<[number, string], AccountedRow>(
        `SELECT sum(CASE WHEN date < ? THEN captured + quiet + stopped END) AS minutes, max(changed_at) AS changed
         FROM coverage_days WHERE symbol = ?`,
      )
      .get(lastDay, symbol);
    const today = this.store
      .statement<[{ symbol: string; from: number; to: number }], { micros: number | null }>(
        `SELECT sum(min(end_time, @to) - max(start_time, @from)) AS micros FROM coverage
         WHERE symbol = @symbol AND start_time < @to AND end_time > @from
           AND start_time >= coalesce(
             (SELECT max(start_time) FROM coverage WHERE symbol = @symbol AND start_time <= @from), 0)`,
      )
      .get({ symbol, from: lastDay, to: end });
    return {
      minutes: (days?.minutes ?? 0) + minutesIn({ start: 0, end: today?.micros ?? 0 }),
      changed: days?.changed ?? 0,
    };
  }
}
