import { DAY, MINUTE, floorTo, type EpochMicros, type TimeRange } from '@app/domain';
import { markOf, marksOf, runsOfMinutes, sharedMinutes, type ChangedCandle, type LedgerFrame } from '@app/history';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import { LedgerWriter } from '../ledger/ledger.writer';

interface FrameRow {
  readonly tracked_since: number | null;
  readonly ledger_start: number | null;
  readonly ledger_floor: number | null;
  readonly first_captured_at: number | null;
}

/**
 * Brings the coverage ledger up to date with changed minutes. What it says of a minute follows from the stored rows
 * alone: captured when one of the candles that open in it has trades, repaired by the earliest capture of any of them.
 *
 * A symbol that nobody has begun to track is tracked from its earliest capture on. When captures of such a symbol come
 * out of order, that moment moves back, and the minutes between are looked at again.
 */
export class MinuteLedgerWriter {
  private readonly selectFrame: Statement<[string], FrameRow>;
  private readonly widenFrame: Statement<[string, number, number]>;
  private readonly selectMinute: Statement<[string, number, number], { traded: number; first: number }>;
  private readonly selectOpenTimes: Statement<[string, number, number], { open_time: number }>;
  private readonly ledger: LedgerWriter;

  constructor(database: SqliteHandle) {
    this.selectFrame = database.prepare(
      'SELECT tracked_since, ledger_start, ledger_floor, first_captured_at FROM symbols WHERE symbol = ?',
    );
    this.widenFrame = database.prepare(
      `INSERT INTO symbols (symbol, first_captured_at, ledger_start) VALUES (?, ?, ?)
       ON CONFLICT (symbol) DO UPDATE SET
         first_captured_at = min(coalesce(first_captured_at, excluded.first_captured_at), excluded.first_captured_at),
         ledger_start = max(min(coalesce(ledger_start, excluded.ledger_start), excluded.ledger_start),
           coalesce(ledger_floor, 0))`,
    );
    this.selectMinute = database.prepare(
      `SELECT max(trade_count > 0) AS traded, min(coalesce(
         (SELECT min(captured_at) FROM candle_revisions AS first
          WHERE first.symbol = candles_1m.symbol AND first.open_time = candles_1m.open_time),
         captured_at)) AS first
       FROM candles_1m WHERE symbol = ? AND open_time >= ? AND open_time < ?`,
    );
    this.selectOpenTimes = database.prepare(
      'SELECT open_time FROM candles_1m WHERE symbol = ? AND open_time >= ? AND open_time < ?',
    );
    this.ledger = new LedgerWriter(database);
  }

  /** Accounts for the candles; their rows and roll-ups are written before. */
  account(symbol: string, changed: readonly ChangedCandle[]): void {
    const { reopened, ...frame } = this.frame(symbol, changed);
    const { marks, toRead } = marksOf(changed, frame);
    for (const minute of reopened) toRead.add(minute);
    const known = this.ledger.around(symbol, minuteRanges([...marks.keys(), ...reopened]));
    for (const minute of sharedMinutes(marks.keys(), known)) toRead.add(minute);
    for (const minute of toRead) {
      const row = this.selectMinute.get(symbol, minute, minute + MINUTE);
      if (row) marks.set(minute, markOf(minute, row.traded === 1, row.first, frame));
    }
    const counted = this.ledger.record(symbol, runsOfMinutes(marks.values()), known);
    for (const date of new Set([...marks.keys()].map((minute) => floorTo(minute, DAY)))) {
      if (!counted.has(date)) this.ledger.dayChanged(symbol, date);
    }
  }

  /** Since when the symbol is tracked, and the minutes whose account depends on that having changed. */
  private frame(
    symbol: string,
    changed: readonly ChangedCandle[],
  ): LedgerFrame & { readonly reopened: readonly EpochMicros[] } {
    const row = this.selectFrame.get(symbol);
    const floor = row?.ledger_floor ?? 0;
    const firstCapture = Math.min(...changed.map(({ firstCapturedAt }) => firstCapturedAt));
    const firstMinute = Math.min(...changed.map(({ openTime }) => floorTo(openTime, MINUTE)));
    const known = row?.first_captured_at ?? Infinity;
    if (firstCapture < known || firstMinute < (row?.ledger_start ?? Infinity)) {
      this.widenFrame.run(symbol, firstCapture, firstMinute);
    }
    if (row?.tracked_since != null) return { trackedSince: row.tracked_since, reopened: [], floor };
    const trackedSince = Math.min(known, firstCapture);
    if (known === Infinity || trackedSince === known) return { trackedSince, reopened: [], floor };
    const between = this.selectOpenTimes.all(symbol, floorTo(trackedSince, MINUTE) - MINUTE, known);
    return { trackedSince, reopened: between.map(({ open_time: openTime }) => floorTo(openTime, MINUTE)), floor };
  }
}

/** The minutes as ranges, ascending. */
function minuteRanges(minutes: readonly EpochMicros[]): TimeRange[] {
  return [...minutes].sort((a, b) => a - b).map((minute) => ({ start: minute, end: minute + MINUTE }));
}
