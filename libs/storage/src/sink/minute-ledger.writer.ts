import { DAY, MINUTE, floorTo, isRepaired, type EpochMicros, type RecordedState } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import { LedgerWriter, runsOfMinutes } from '../ledger/ledger.writer';

/** A candle whose row or history has just changed, as it stands now. */
export interface ChangedCandle {
  readonly openTime: EpochMicros;
  readonly tradeCount: number;
  /** When it was first captured, in whatever version. */
  readonly firstCapturedAt: EpochMicros;
  /** Whether its row was not there before. */
  readonly isNew: boolean;
}

interface FrameRow {
  readonly tracked_since: number | null;
  readonly ledger_start: number | null;
  readonly ledger_floor: number | null;
  readonly first_captured_at: number | null;
}

interface MinuteMark {
  readonly minute: EpochMicros;
  readonly state: RecordedState;
  readonly repaired: boolean;
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
    const { trackedSince, reopened, floor } = this.frame(symbol, changed);
    const single = new Map<EpochMicros, MinuteMark>();
    const toRead = new Set(reopened);
    for (const { openTime, tradeCount, firstCapturedAt, isNew } of changed) {
      const minute = floorTo(openTime, MINUTE);
      if (minute < floor) continue;
      if (!isNew || openTime !== minute || single.has(minute)) toRead.add(minute);
      const state = tradeCount > 0 ? 'captured' : 'quiet';
      single.set(minute, { minute, state, repaired: isRepaired(minute, firstCapturedAt, trackedSince) });
    }
    // A new candle in a minute that has one already: off the full minute, as some old candles are.
    for (const run of runsOfMinutes(single.values())) {
      for (const known of this.ledger.touching(symbol, run)) {
        if (known.state !== 'captured' && known.state !== 'quiet') continue;
        const end = Math.min(known.end, run.end);
        for (let minute = Math.max(known.start, run.start); minute < end; minute += MINUTE) toRead.add(minute);
      }
    }
    for (const minute of toRead) {
      const row = this.selectMinute.get(symbol, minute, minute + MINUTE);
      if (!row) continue;
      const state = row.traded === 1 ? 'captured' : 'quiet';
      single.set(minute, { minute, state, repaired: isRepaired(minute, row.first, trackedSince) });
    }
    for (const run of runsOfMinutes(single.values())) this.ledger.record(symbol, run);
    for (const date of new Set([...single.keys()].map((minute) => floorTo(minute, DAY)))) {
      this.ledger.dayChanged(symbol, date);
    }
  }

  /** Since when the symbol is tracked, and the minutes whose account depends on that having changed. */
  private frame(
    symbol: string,
    changed: readonly ChangedCandle[],
  ): { readonly trackedSince: EpochMicros; readonly reopened: readonly EpochMicros[]; readonly floor: EpochMicros } {
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
