import type { EpochMicros, TimeRange } from '@app/domain';
import type { AccountedDays, DatesOfSymbol, SymbolRows } from '@app/history';
import type { ReadStore } from './read-store';

const DATES = `
  SELECT candles.first, candles.last, candles.captured, polls.first, polls.last
  FROM (SELECT min(open_time) AS first, max(open_time) AS last, max(captured_at) AS captured
      FROM candles_1d WHERE symbol = @symbol) AS candles,
    (SELECT min(date) AS first, max(date) AS last FROM ticker_days WHERE symbol = @symbol AND date <= @until) AS polls`;

const ACCOUNTED_DAYS = `
  SELECT sum(CASE WHEN date < ? THEN captured + quiet + stopped END), max(changed_at) FROM coverage_days WHERE symbol = ?`;

/** Runs are disjoint: the one that holds the start of the range is the last one that begins up to there. */
const RUNS = `
  SELECT start_time, end_time FROM coverage
  WHERE symbol = @symbol AND start_time < @end AND end_time > @start
    AND start_time >= coalesce((SELECT max(start_time) FROM coverage WHERE symbol = @symbol AND start_time <= @start), 0)
  ORDER BY start_time`;

const LAST_RUN = `
  SELECT start_time, end_time FROM coverage WHERE symbol = ? AND start_time < ? ORDER BY start_time DESC LIMIT 1`;

type Run = readonly [start: EpochMicros, end: EpochMicros];
type Time = EpochMicros | null;

export class SqliteSymbolRows implements SymbolRows {
  constructor(private readonly store: ReadStore) {}

  dates(symbol: string, until: EpochMicros): DatesOfSymbol {
    const found = this.store
      .rawStatement<[{ symbol: string; until: EpochMicros }], readonly [Time, Time, Time, Time, Time]>(DATES)
      .get({ symbol, until });
    const [first = null, last = null, captured = null, firstPolled = null, lastPolled = null] = found ?? [];
    return { candles: { first, last, captured }, polls: { first: firstPolled, last: lastPolled } };
  }

  lastMinute(symbol: string): Time {
    return this.newest('SELECT max(open_time) FROM candles_1m WHERE symbol = ?', symbol);
  }

  lastEvent(symbol: string, until: EpochMicros): Time {
    return this.newest('SELECT max(timestamp) FROM price_events WHERE symbol = ? AND timestamp <= ?', symbol, until);
  }

  assetsSince(symbol: string): Time {
    return this.newest('SELECT max(since) FROM symbol_assets WHERE symbol = ?', symbol);
  }

  accountedDays(symbol: string, before: EpochMicros): AccountedDays {
    const found = this.store
      .rawStatement<[EpochMicros, string], readonly [minutes: number | null, Time]>(ACCOUNTED_DAYS)
      .get(before, symbol);
    const [minutes = null, changedAt = null] = found ?? [];
    return { minutes, changedAt };
  }

  runs(symbol: string, { start, end }: TimeRange): TimeRange[] {
    return this.store
      .rawStatement<[{ symbol: string } & TimeRange], Run>(RUNS)
      .all({ symbol, start, end })
      .map(toRange);
  }

  lastRun(symbol: string, before: EpochMicros): TimeRange | undefined {
    const run = this.store.rawStatement<[string, EpochMicros], Run>(LAST_RUN).get(symbol, before);
    return run && toRange(run);
  }

  private newest(sql: string, ...parameters: readonly (string | EpochMicros)[]): Time {
    return this.store.rawStatement<(string | EpochMicros)[], readonly [Time]>(sql).get(...parameters)?.[0] ?? null;
  }
}

const toRange = (run: Run): TimeRange => ({ start: run[0], end: run[1] });
