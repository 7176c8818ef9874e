import { setImmediate as nextTurn } from 'node:timers/promises';
import { clockLine, revisionLine, type BronzeUnit, type BronzeUnits } from '@app/bronze';
import { DAY, MINUTE, latestStamp, type ClockSpan, type EpochMicros, type SettledStamps } from '@app/domain';
import { datedDaysUnit, runUnit, type MinutesOutcome, type Rows } from '@app/history';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import type { ClockSpans } from '../ledger/clock-spans';
import type { CandleWriter } from '../sink/candle.writer';

interface StampRange {
  readonly first: EpochMicros | null;
  readonly last: EpochMicros | null;
}

interface OfSpan {
  readonly symbol: string;
  readonly start: EpochMicros;
  readonly end: EpochMicros;
}

interface StampSettlerParts {
  readonly units: BronzeUnits;
  readonly rows: Rows;
  readonly candles: CandleWriter;
  readonly spans: ClockSpans;
  /** Keeps lines and tells readers of what a unit has done. */
  readonly keep: (bronze: BronzeUnit, outcome: Pick<MinutesOutcome, 'promoted' | 'changed'>) => void;
}

/**
 * Finds what is stored with stamps later than now, which a clock that was ahead has given, notes in the manifest which
 * stamps these were, and puts the versions of those minutes in order again: they count as captured at their close.
 *
 * Each day is a unit of its own, and a span stays open until all are done: an interrupted run is gone on with.
 */
export class StampSettler {
  private readonly symbols: Statement<[], string>;
  /** Days of a symbol whose newest capture is later than that, and the stamps of their minutes, repeats and stops. */
  private readonly daysAfter: Statement<[string, EpochMicros], EpochMicros>;
  private readonly minuteStamps: Statement<[OfSpan & { after: EpochMicros; closed: EpochMicros }], StampRange>;
  private readonly otherStamps: Statement<[{ symbol: string; after: EpochMicros; closed: EpochMicros }], StampRange>;
  private readonly minutesOfDay: Statement<[OfSpan & { from: EpochMicros; until: EpochMicros }], EpochMicros>;
  private readonly repeatDays: Statement<[OfSpan], EpochMicros>;
  private readonly stopDays: Statement<[ClockSpan], { symbol: string; date: EpochMicros }>;
  private readonly stopsAtTheirEnd: Statement<[ClockSpan]>;
  private readonly restop: Statement<[{ symbol: string; date: EpochMicros }]>;
  private readonly trackedIn: Statement<[ClockSpan], string>;
  private readonly retrack: Statement<[ClockSpan]>;
  private readonly unverify: Statement<[ClockSpan]>;

  constructor(
    database: SqliteHandle,
    private readonly parts: StampSettlerParts,
  ) {
    this.symbols = database.prepare<[], string>('SELECT symbol FROM symbols ORDER BY symbol').pluck();
    this.daysAfter = database
      .prepare<[string, EpochMicros], EpochMicros>(
        'SELECT open_time FROM candles_1d WHERE symbol = ? AND captured_at > ? ORDER BY open_time',
      )
      .pluck();
    this.minuteStamps = database.prepare(
      `SELECT min(captured_at) AS first, max(captured_at) AS last FROM candles_1m
       WHERE symbol = @symbol AND open_time >= @start AND open_time < @end AND captured_at > @after
         AND open_time < @closed`,
    );
    this.otherStamps = database.prepare(
      `SELECT min(stamp) AS first, max(stamp) AS last FROM (
         SELECT captured_at AS stamp FROM candle_repeats
         WHERE symbol = @symbol AND captured_at > @after AND open_time < @closed
         UNION ALL SELECT noted_at FROM stop_notes WHERE symbol = @symbol AND noted_at > @after
         UNION ALL SELECT tracked_since FROM symbols WHERE symbol = @symbol AND tracked_since > @after)`,
    );
    const within = 'captured_at >= @from AND captured_at < @until';
    const ofDay = `WHERE symbol = @symbol AND open_time >= @start AND open_time < @end AND ${within}`;
    this.minutesOfDay = database
      .prepare<[OfSpan & { from: EpochMicros; until: EpochMicros }], EpochMicros>(
        `SELECT open_time FROM candles_1m ${ofDay} UNION SELECT open_time FROM candle_revisions ${ofDay}
         UNION SELECT open_time FROM candle_repeats ${ofDay} ORDER BY 1`,
      )
      .pluck();
    this.repeatDays = database
      .prepare<[OfSpan], EpochMicros>(
        `SELECT DISTINCT open_time - open_time % ${DAY} FROM candle_repeats
         WHERE symbol = @symbol AND captured_at >= @start AND captured_at < @end`,
      )
      .pluck();
    const stoppedIn = 'noted_at >= @start AND noted_at < @end AND end_time <= @until';
    this.stopDays = database.prepare(
      `SELECT DISTINCT coverage_days.symbol AS symbol, date FROM stop_notes JOIN coverage_days
         ON coverage_days.symbol = stop_notes.symbol AND start_time < date + ${DAY} AND end_time > date
       WHERE ${stoppedIn}`,
    );
    this.stopsAtTheirEnd = database.prepare(`UPDATE stop_notes SET noted_at = end_time WHERE ${stoppedIn}`);
    this.restop = database.prepare(
      `UPDATE coverage_days SET stopped_at = (
         SELECT max(noted_at) FROM stop_notes
         WHERE stop_notes.symbol = coverage_days.symbol AND start_time < date + ${DAY} AND end_time > date)
       WHERE symbol = @symbol AND date = @date`,
    );
    this.trackedIn = database
      .prepare<[ClockSpan], string>('SELECT symbol FROM symbols WHERE tracked_since >= @start AND tracked_since < @end')
      .pluck();
    this.retrack = database.prepare(
      'UPDATE symbols SET tracked_since = @until WHERE tracked_since >= @start AND tracked_since < @end',
    );
    // What it was compared with may have been another day by the true time of the comparison.
    this.unverify = database.prepare('DELETE FROM day_verifications WHERE checked_at >= @start AND checked_at < @end');
  }

  async settle(now: EpochMicros): Promise<SettledStamps> {
    await this.note(now);
    let minutes = 0;
    const spans = this.parts.spans.open();
    const retracked = spans.flatMap((span) => this.trackedIn.all(span));
    for (const span of spans) minutes += await this.apply(span);
    return { spans, minutes, retracked };
  }

  /** Notes the span of the stamps that are later than now, where there are any. */
  private async note(now: EpochMicros): Promise<void> {
    const after = latestStamp(now);
    let [first, last] = [Infinity, -Infinity];
    const widen = (found: StampRange | undefined): void => {
      first = Math.min(first, found?.first ?? Infinity);
      last = Math.max(last, found?.last ?? -Infinity);
    };
    const closed = now - MINUTE + 1;
    for (const symbol of this.symbols.all()) {
      for (const start of this.daysAfter.all(symbol, after)) {
        widen(this.minuteStamps.get({ symbol, start, end: start + DAY, after, closed }));
      }
      widen(this.otherStamps.get({ symbol, after, closed }));
      await nextTurn();
    }
    if (first > last) return;
    const span = { start: first, end: last + 1, until: now };
    await this.parts.units.append((bronze) => {
      this.parts.spans.note(span);
      bronze.appendToManifest(clockLine(span));
    });
  }

  /** Returns how many minutes had a capture with such a stamp. */
  private async apply(span: ClockSpan): Promise<number> {
    let count = 0;
    for (const symbol of this.symbols.all()) {
      const stamps = { symbol, start: span.start, end: span.end };
      const days = new Set([...this.daysAfter.all(symbol, span.start - 1), ...this.repeatDays.all(stamps)]);
      for (const start of days) {
        count += await this.parts.units.append((bronze) => {
          const day = { symbol, start, end: start + DAY, from: span.start, until: span.end };
          const minutes = this.minutesOfDay.all(day);
          const restamped = this.parts.candles.restamp(symbol, minutes, this.parts.spans.all());
          this.parts.keep(bronze, restamped);
          bronze.appendToManifest(...restamped.raised.map(revisionLine));
          return minutes.length;
        });
      }
    }
    await this.parts.units.run(() => {
      const days = this.stopDays.all(span);
      this.stopsAtTheirEnd.run(span);
      for (const day of days) this.restop.run(day);
      runUnit(this.parts.rows, datedDaysUnit(days));
      this.retrack.run(span);
      this.unverify.run(span);
      this.parts.spans.settled(span);
    });
    return count;
  }
}
