import { HOUR, type EpochMicros, type TimeRange } from '@app/domain';
import type { AccountRows, NotedStop, StoppedDay } from '@app/history';
import type { ReadStore } from './read-store';

/** Open time of a symbol's first candle on the exchange, and whether older ones are stored. */
const FIRST_MINUTE = `
  SELECT first_minute,
    EXISTS (SELECT 1 FROM candles_1h AS hour
      WHERE hour.symbol = symbols.symbol AND hour.open_time < first_minute - first_minute % ${HOUR})
    OR EXISTS (SELECT 1 FROM candles_1m AS minute
      WHERE minute.symbol = symbols.symbol AND minute.open_time < first_minute) AS has_older
  FROM symbols WHERE symbol = ?`;

/** What is stopped now. */
const STOPPED = `
  SELECT start_time, end_time FROM coverage
  WHERE symbol = @symbol AND state = 'stopped' AND start_time < @end AND end_time > @start
    AND start_time >= coalesce((SELECT max(start_time) FROM coverage
      WHERE symbol = @symbol AND state = 'stopped' AND start_time <= @start), 0)
  ORDER BY start_time`;

/** Stopped minutes of each day that has any. */
const STOPPED_DAYS = `
  SELECT date, stopped FROM coverage_days WHERE symbol = ? AND date >= ? AND date < ? AND stopped > 0 ORDER BY date`;

/** Stops that were noted by a time, with what has become of their minutes since; those that are missing are left out. */
const NOTED_STOPS = `
  SELECT max(stop_notes.start_time, coverage.start_time) AS start, min(stop_notes.end_time, coverage.end_time) AS "end",
    coverage.state
  FROM stop_notes CROSS JOIN coverage ON coverage.symbol = stop_notes.symbol
    AND coverage.start_time < stop_notes.end_time AND coverage.end_time > stop_notes.start_time
    AND coverage.start_time >= coalesce((SELECT max(start_time) FROM coverage AS before
      WHERE before.symbol = stop_notes.symbol AND before.start_time <= stop_notes.start_time), 0)
  WHERE stop_notes.symbol = @symbol AND stop_notes.start_time < @end AND stop_notes.end_time > @start
    AND stop_notes.start_time >= coalesce((SELECT max(start_time) FROM stop_notes
      WHERE symbol = @symbol AND start_time <= @start), 0)
    AND noted_at <= @asOf
  ORDER BY 1`;

/** Minutes of which anything had been captured by a time. */
const CAPTURED_BY = `
  SELECT open_time FROM candles_1m
  WHERE symbol = @symbol AND open_time >= @start AND open_time < @end AND (captured_at <= @asOf OR EXISTS (
    SELECT 1 FROM candle_revisions AS version WHERE version.symbol = candles_1m.symbol
      AND version.open_time = candles_1m.open_time AND version.captured_at <= @asOf))`;

export class SqliteAccountRows implements AccountRows {
  constructor(private readonly store: ReadStore) {}

  firstDue(symbol: string): EpochMicros | undefined {
    const row = this.store
      .statement<[string], { first_minute: number | null; has_older: number }>(FIRST_MINUTE)
      .get(symbol);
    return row?.has_older === 1 ? undefined : (row?.first_minute ?? undefined);
  }

  stopped(symbol: string, { start, end }: TimeRange): TimeRange[] {
    return this.store
      .rawStatement<[{ symbol: string } & TimeRange], readonly [EpochMicros, EpochMicros]>(STOPPED)
      .all({ symbol, start, end })
      .map((stop) => ({ start: stop[0], end: stop[1] }));
  }

  stoppedDays(symbol: string, { start, end }: TimeRange): StoppedDay[] {
    return this.store
      .rawStatement<[string, number, number], readonly [date: EpochMicros, minutes: number]>(STOPPED_DAYS)
      .all(symbol, start, end)
      .map(([date, minutes]) => ({ date, minutes }));
  }

  notedStops(symbol: string, { start, end }: TimeRange, asOf: EpochMicros): NotedStop[] {
    return this.store
      .statement<[{ symbol: string; asOf: number } & TimeRange], NotedStop>(NOTED_STOPS)
      .all({ symbol, start, end, asOf });
  }

  capturedBy(symbol: string, { start, end }: TimeRange, asOf: EpochMicros): EpochMicros[] {
    return this.store
      .statement<[{ symbol: string; asOf: number } & TimeRange], { open_time: number }>(CAPTURED_BY)
      .all({ symbol, start, end, asOf })
      .map(({ open_time: openTime }) => openTime);
  }
}
