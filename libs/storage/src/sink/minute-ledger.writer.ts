import { MINUTE, floorTo, isRepaired, type EpochMicros, type RecordedState } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import { LedgerWriter, runsOfMinutes } from '../ledger/ledger.writer';

/** A candle whose row has just changed, as it stands now. */
export interface ChangedCandle {
  readonly openTime: EpochMicros;
  readonly tradeCount: number;
  readonly firstCapturedAt: EpochMicros;
  /** Whether its row was not there before. */
  readonly isNew: boolean;
}

/** Brings the coverage ledger up to date with changed minutes. */
export class MinuteLedgerWriter {
  private readonly selectTrackedSince: Statement<
    [string],
    { tracked_since: number | null; ledger_start: number | null }
  >;
  private readonly startLedger: Statement<[string, number, number]>;
  private readonly ledger: LedgerWriter;

  constructor(database: SqliteHandle) {
    this.selectTrackedSince = database.prepare('SELECT tracked_since, ledger_start FROM symbols WHERE symbol = ?');
    this.startLedger = database.prepare(
      `INSERT INTO symbols (symbol, tracked_since, ledger_start) VALUES (?, ?, ?)
       ON CONFLICT (symbol) DO UPDATE SET
         tracked_since = coalesce(tracked_since, excluded.tracked_since),
         ledger_start = min(coalesce(ledger_start, excluded.ledger_start), excluded.ledger_start)`,
    );
    this.ledger = new LedgerWriter(database);
  }

  /** Accounts for the candles; their rows and roll-ups are written before. */
  account(symbol: string, changed: readonly ChangedCandle[]): void {
    const trackedSince = this.trackedSince(symbol, changed);
    const changedAt = changed.reduce((latest, { firstCapturedAt }) => Math.max(latest, firstCapturedAt), 0);
    const states = new Map<EpochMicros, { minute: EpochMicros; state: RecordedState; repaired: boolean }>();
    for (const { openTime, tradeCount, firstCapturedAt } of changed) {
      const minute = floorTo(openTime, MINUTE);
      const known = states.get(minute);
      states.set(minute, {
        minute,
        state: tradeCount > 0 ? 'captured' : 'quiet',
        repaired: known?.repaired ?? isRepaired(minute, firstCapturedAt, trackedSince),
      });
    }
    for (const run of runsOfMinutes(states.values())) this.ledger.record(symbol, run, changedAt);
  }

  /** A symbol whose candles arrive before anybody began to track it is tracked from its first one on. */
  private trackedSince(symbol: string, candles: readonly ChangedCandle[]): EpochMicros {
    const row = this.selectTrackedSince.get(symbol);
    const firstCapture = candles.reduce((first, { firstCapturedAt }) => Math.min(first, firstCapturedAt), Infinity);
    const firstMinute = floorTo(
      candles.reduce((first, { openTime }) => Math.min(first, openTime), Infinity),
      MINUTE,
    );
    if (row?.ledger_start != null && row.tracked_since != null && row.ledger_start <= firstMinute) {
      return row.tracked_since;
    }
    this.startLedger.run(symbol, firstCapture, firstMinute);
    return row?.tracked_since ?? firstCapture;
  }
}
