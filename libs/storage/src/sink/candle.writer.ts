import { sameCandleNumbers, type MinuteCandle } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import { MINUTE_COLUMNS, parametersOf, toMinuteCandle, toMinuteRow, type MinuteCandleRow } from './candle-row';
import { MinuteLedgerWriter } from './minute-ledger.writer';
import { RollUpWriter } from './roll-up.writer';

/** What became of a candle that was offered. */
export type CandleFate = 'taken' | 'revision' | 'repeat';

interface SymbolChange {
  readonly added: (MinuteCandle & { readonly revision: number })[];
  readonly revised: MinuteCandle[];
}

/** Writes closed minutes to silver with their revisions, roll-ups and ledger. Inside write units only. */
export class CandleWriter {
  private readonly insert: Statement<[MinuteCandleRow]>;
  private readonly replace: Statement<[MinuteCandleRow]>;
  private readonly select: Statement<[string, number], MinuteCandleRow>;
  private readonly insertRevision: Statement<[MinuteCandleRow & { superseded_at: number }]>;
  private readonly rollUps: RollUpWriter;
  private readonly ledger: MinuteLedgerWriter;

  constructor(database: SqliteHandle) {
    const columns = `(${MINUTE_COLUMNS}) VALUES (${parametersOf(MINUTE_COLUMNS)})`;
    this.insert = database.prepare(`INSERT OR IGNORE INTO candles_1m ${columns}`);
    this.replace = database.prepare(`INSERT OR REPLACE INTO candles_1m ${columns}`);
    this.select = database.prepare(`SELECT ${MINUTE_COLUMNS} FROM candles_1m WHERE symbol = ? AND open_time = ?`);
    this.insertRevision = database.prepare(
      `INSERT INTO candle_revisions (${MINUTE_COLUMNS}, superseded_at)
       VALUES (${parametersOf(MINUTE_COLUMNS)}, @superseded_at)`,
    );
    this.rollUps = new RollUpWriter(database);
    this.ledger = new MinuteLedgerWriter(database);
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
    if (this.insert.run(toMinuteRow(candle, 1)).changes === 1) {
      change.added.push({ ...candle, revision: 1 });
      return 'taken';
    }
    const stored = this.select.get(candle.symbol, candle.openTime);
    if (!stored || candle.capturedAt <= stored.captured_at) return 'repeat';
    if (sameCandleNumbers(candle, toMinuteCandle(stored))) return 'repeat';
    this.insertRevision.run({ ...stored, superseded_at: candle.capturedAt });
    this.replace.run(toMinuteRow(candle, stored.revision + 1));
    change.revised.push(candle);
    return 'revision';
  }

  private settle(symbol: string, { added, revised }: SymbolChange): void {
    if (added.length === 0 && revised.length === 0) return;
    // A minute that was added and revised in the same unit is read back with its final numbers.
    this.rollUps.update({ symbol, added, revised: revised.map(({ openTime }) => openTime) });
    const changed = (isNew: boolean) => (candle: MinuteCandle) => ({
      openTime: candle.openTime,
      tradeCount: candle.tradeCount,
      firstCapturedAt: candle.capturedAt,
      isNew,
    });
    this.ledger.account(symbol, [...added.map(changed(true)), ...revised.map(changed(false))]);
  }
}
