import { DAY, MINUTE, floorTo, isRepaired, sameCandleNumbers, type EpochMicros, type MinuteCandle } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import { DailyMetricsWriter } from '../gold/daily-metrics.writer';
import { LedgerWriter, runsOfMinutes, type RecordedMinute } from '../ledger/ledger.writer';
import {
  MINUTE_COLUMNS,
  minuteValues,
  parametersOf,
  toMinuteCandle,
  type ColumnValues,
  type MinuteCandleRow,
} from './candle-row';
import { RollUpWriter } from './roll-up.writer';

/** What became of a candle that was offered. */
export type CandleFate = 'taken' | 'revision' | 'repeat';

interface SymbolChange {
  readonly added: (MinuteCandle & { readonly revision: number })[];
  readonly revised: MinuteCandle[];
}

/** What a unit changes in the ledger of a symbol's day. */
interface DayChange {
  /** Latest capture among its candles. */
  changedAt: EpochMicros;
  readonly minutes: Map<EpochMicros, RecordedMinute>;
}

/** Writes closed minutes to silver with their revisions, roll-ups and ledger. Inside write units only. */
export class CandleWriter {
  private readonly insert: Statement<ColumnValues[number][]>;
  private readonly replace: Statement<ColumnValues[number][]>;
  private readonly select: Statement<[string, number], MinuteCandleRow>;
  private readonly keepReplaced: Statement<[number, string, number]>;
  private readonly selectTrackedSince: Statement<
    [string],
    { tracked_since: number | null; ledger_start: number | null }
  >;
  private readonly startLedger: Statement<[string, number, number]>;
  private readonly rollUps: RollUpWriter;
  private readonly metrics: DailyMetricsWriter;
  private readonly ledger: LedgerWriter;

  constructor(database: SqliteHandle) {
    const columns = `(${MINUTE_COLUMNS}) VALUES (${parametersOf(MINUTE_COLUMNS)})`;
    this.insert = database.prepare(`INSERT OR IGNORE INTO candles_1m ${columns}`);
    this.replace = database.prepare(`INSERT OR REPLACE INTO candles_1m ${columns}`);
    this.select = database.prepare(`SELECT ${MINUTE_COLUMNS} FROM candles_1m WHERE symbol = ? AND open_time = ?`);
    this.keepReplaced = database.prepare(
      `INSERT INTO candle_revisions (${MINUTE_COLUMNS}, superseded_at)
       SELECT ${MINUTE_COLUMNS}, ? FROM candles_1m WHERE symbol = ? AND open_time = ?`,
    );
    this.selectTrackedSince = database.prepare('SELECT tracked_since, ledger_start FROM symbols WHERE symbol = ?');
    this.startLedger = database.prepare(
      `INSERT INTO symbols (symbol, tracked_since, ledger_start) VALUES (?, ?, ?)
       ON CONFLICT (symbol) DO UPDATE SET
         tracked_since = coalesce(tracked_since, excluded.tracked_since),
         ledger_start = min(coalesce(ledger_start, excluded.ledger_start), excluded.ledger_start)`,
    );
    this.rollUps = new RollUpWriter(database);
    this.metrics = new DailyMetricsWriter(database);
    this.ledger = new LedgerWriter(database);
  }

  /** Takes the candles in the given order and brings hours, days and ledger up to date; returns the fate of each. */
  write(candles: readonly MinuteCandle[]): CandleFate[] {
    const changes = new Map<string, SymbolChange>();
    const fates = candles.map((candle) => {
      const change = changes.get(candle.symbol) ?? { added: [], revised: [] };
      changes.set(candle.symbol, change);
      return this.writeOne(candle, change);
    });
    for (const [symbol, change] of changes) this.settle(symbol, change);
    return fates;
  }

  private writeOne(candle: MinuteCandle, change: SymbolChange): CandleFate {
    if (this.insert.run(...minuteValues(candle, 1)).changes === 1) {
      change.added.push({ ...candle, revision: 1 });
      return 'taken';
    }
    const stored = this.select.get(candle.symbol, candle.openTime);
    if (!stored || candle.capturedAt <= stored.captured_at) return 'repeat';
    if (sameCandleNumbers(candle, toMinuteCandle(stored))) return 'repeat';
    this.keepReplaced.run(candle.capturedAt, candle.symbol, candle.openTime);
    this.replace.run(...minuteValues(candle, stored.revision + 1));
    change.revised.push(candle);
    return 'revision';
  }

  private settle(symbol: string, { added, revised }: SymbolChange): void {
    if (added.length === 0 && revised.length === 0) return;
    // A minute that was added and revised in the same unit is read back with its final numbers.
    this.rollUps.update({ symbol, added, revised: revised.map(({ openTime }) => openTime) });
    const all = [...added, ...revised];
    this.metrics.update(
      symbol,
      all.map(({ openTime }) => openTime),
    );
    const trackedSince = this.trackedSince(symbol, all);
    // Day by day: what is said of a day must not depend on what else came in the same unit.
    const days = new Map<EpochMicros, DayChange>();
    for (const { openTime, tradeCount, capturedAt } of all) {
      const minute = floorTo(openTime, MINUTE);
      const date = floorTo(minute, DAY);
      const day = days.get(date) ?? { changedAt: capturedAt, minutes: new Map<EpochMicros, RecordedMinute>() };
      days.set(date, day);
      day.changedAt = Math.max(day.changedAt, capturedAt);
      day.minutes.set(minute, {
        minute,
        state: tradeCount > 0 ? 'captured' : 'quiet',
        repaired: day.minutes.get(minute)?.repaired ?? isRepaired(minute, capturedAt, trackedSince),
      });
    }
    for (const { changedAt, minutes } of days.values()) {
      for (const run of runsOfMinutes(minutes.values())) this.ledger.record(symbol, run, changedAt);
    }
  }

  /** A symbol whose candles arrive before anybody began to track it is tracked from its first one on. */
  private trackedSince(symbol: string, candles: readonly MinuteCandle[]): EpochMicros {
    const row = this.selectTrackedSince.get(symbol);
    const firstCapture = Math.min(...candles.map(({ capturedAt }) => capturedAt));
    const firstMinute = Math.min(...candles.map(({ openTime }) => floorTo(openTime, MINUTE)));
    if (row?.ledger_start != null && row.tracked_since != null && row.ledger_start <= firstMinute) {
      return row.tracked_since;
    }
    this.startLedger.run(symbol, firstCapture, firstMinute);
    return row?.tracked_since ?? firstCapture;
  }
}
