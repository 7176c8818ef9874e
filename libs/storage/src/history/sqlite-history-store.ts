import {
  assetsLine,
  fileManifestLine,
  ledgerLine,
  manifestLine,
  reachLine,
  stoppedLine,
  trackingLine,
  type BronzeUnit,
  type BronzeUnits,
} from '@app/bronze';
import {
  CANDLE_KIND,
  DAY,
  DELISTED,
  HistoryStore,
  minutesIn,
  subtractRanges,
  type Clock,
  type EpochMicros,
  type EventKinds,
  type FetchedMinutes,
  type ImportCounts,
  type ImportedDay,
  type MinuteCandle,
  type ReachEvidence,
  type SettledStamps,
  type SymbolInfo,
  type TimeRange,
  type TrackedSymbol,
  type UnfilledRange,
} from '@app/domain';
import {
  fetchedOutcome,
  forgetLedgerUnit,
  findOnly,
  missingMinutesIn,
  runUnit,
  stopUnit,
  unfilledUnit,
  type MinutesOutcome,
  type Rows,
} from '@app/history';
import type { Statement } from 'better-sqlite3';
import type { OriginGuard } from '../database/origin-guard';
import type { SqliteHandle } from '../database/sqlite-connection';
import type { WriteQueue } from '../database/write-queue';
import { HISTORY_FEED, type ChangeFeedWriter } from '../feed/change-feed.writer';
import { ClockSpans } from '../ledger/clock-spans';
import { MOVE_LEDGER } from '../ledger/symbol-frames';
import type { CandleWriter } from '../sink/candle.writer';
import { MINUTE_COLUMNS, toMinuteCandle, type MinuteCandleRow } from '../sink/candle-row';
import type { EventWriter } from '../sink/event-writer';
import { SymbolAssets } from './symbol-assets';
import { LedgerReach } from './ledger-reach';
import { StampSettler } from './stamp-settler';

interface TrackedRow {
  /** The first capture where nobody has said since when. */
  readonly tracked_since: number | null;
  readonly ledger_start: number | null;
  readonly backfill_planned: number;
}

interface HistoryStoreParts {
  readonly rows: Rows;
  readonly candles: CandleWriter;
  readonly origin: OriginGuard;
  readonly units: BronzeUnits;
  readonly feed: ChangeFeedWriter;
  readonly writer: EventWriter;
  readonly kinds: EventKinds;
  readonly clock: Clock;
}

/** The write side of the history in SQLite: fetched ranges, symbol list, ledger. */
export class SqliteHistoryStore extends HistoryStore {
  private readonly candles: CandleWriter;
  private readonly rows: Rows;
  private readonly assets: SymbolAssets;
  private readonly settler: StampSettler;
  private readonly reach: LedgerReach;
  private readonly selectFloor: Statement<[string], EpochMicros | null>;
  private readonly setReachChecked: Statement<[string]>;
  private readonly moveLedgerTo: Statement<[TrackedSymbol]>;
  private readonly selectTracked: Statement<[string], TrackedRow>;
  private readonly insertTracked: Statement<[string, number, number]>;
  private readonly extendLedgerTo: Statement<[string, number]>;
  private readonly upsertSymbol: Statement<[SymbolInfo]>;
  private readonly selectSymbols: Statement<[], Pick<SymbolInfo, 'symbol' | 'status'>>;
  private readonly markDelisted: Statement<[string, string, string]>;
  private readonly selectFirstMinute: Statement<[string], { first_minute: number | null }>;
  private readonly upsertFirstMinute: Statement<[string, number]>;
  private readonly selectMinutes: Statement<[string, number, number], MinuteCandleRow>;
  private readonly selectLastMinute: Statement<[string], { open_time: number }>;

  constructor(
    private readonly queue: WriteQueue,
    database: SqliteHandle,
    private readonly parts: HistoryStoreParts,
  ) {
    super();
    this.candles = parts.candles;
    this.rows = parts.rows;
    this.assets = new SymbolAssets(database);
    this.settler = new StampSettler(database, {
      units: parts.units,
      rows: parts.rows,
      candles: this.candles,
      spans: new ClockSpans(database),
      keep: (bronze, outcome) => {
        this.keepAndTell(bronze, [], outcome);
      },
    });
    this.reach = new LedgerReach(database);
    this.selectFloor = database
      .prepare<[string], EpochMicros | null>('SELECT ledger_floor FROM symbols WHERE symbol = ?')
      .pluck();
    this.setReachChecked = database.prepare('UPDATE symbols SET reach_checked = 1 WHERE symbol = ?');
    this.moveLedgerTo = database.prepare(MOVE_LEDGER);
    this.selectTracked = database.prepare(
      `SELECT coalesce(tracked_since, first_captured_at) AS tracked_since, ledger_start, backfill_planned
       FROM symbols WHERE symbol = ?`,
    );
    this.insertTracked = database.prepare(
      `INSERT INTO symbols (symbol, tracked_since, ledger_start, backfill_planned) VALUES (?, ?, ?, 1)
       ON CONFLICT (symbol) DO UPDATE SET
         tracked_since = coalesce(tracked_since, first_captured_at, excluded.tracked_since),
         ledger_start = min(coalesce(ledger_start, excluded.ledger_start), excluded.ledger_start),
         backfill_planned = 1`,
    );
    this.extendLedgerTo = database.prepare(
      `INSERT INTO symbols (symbol, ledger_start) VALUES (?, ?)
       ON CONFLICT (symbol) DO UPDATE SET
         ledger_start = excluded.ledger_start, ledger_floor = min(ledger_floor, excluded.ledger_start)
       WHERE ledger_start IS NULL OR ledger_start > excluded.ledger_start`,
    );
    this.upsertSymbol = database.prepare(
      `INSERT INTO symbols (symbol, base_asset, quote_asset, status) VALUES (@symbol, @baseAsset, @quoteAsset, @status)
       ON CONFLICT (symbol) DO UPDATE SET
         base_asset = excluded.base_asset, quote_asset = excluded.quote_asset, status = excluded.status
       WHERE base_asset IS NOT excluded.base_asset OR quote_asset IS NOT excluded.quote_asset
         OR status IS NOT excluded.status`,
    );
    this.selectSymbols = database.prepare('SELECT symbol, status FROM symbols ORDER BY symbol');
    this.markDelisted = database.prepare('UPDATE symbols SET status = ? WHERE symbol = ? AND status IS NOT ?');
    this.selectFirstMinute = database.prepare('SELECT first_minute FROM symbols WHERE symbol = ?');
    this.upsertFirstMinute = database.prepare(
      `INSERT INTO symbols (symbol, first_minute) VALUES (?, ?)
       ON CONFLICT (symbol) DO UPDATE SET first_minute = excluded.first_minute`,
    );
    this.selectMinutes = database.prepare(
      `SELECT ${MINUTE_COLUMNS} FROM candles_1m WHERE symbol = ? AND open_time >= ? AND open_time < ? ORDER BY open_time`,
    );
    this.selectLastMinute = database.prepare(
      'SELECT open_time FROM candles_1m WHERE symbol = ? ORDER BY open_time DESC LIMIT 1',
    );
  }

  track({ symbol, trackedSince, ledgerStart }: TrackedSymbol, origin: string): Promise<TrackedSymbol> {
    return this.parts.units.append((bronze) => {
      this.parts.origin.claim(origin);
      const known = this.read(symbol);
      if (known) return known;
      this.insertTracked.run(symbol, trackedSince, ledgerStart);
      this.tellLedger(symbol, { start: ledgerStart, end: ledgerStart });
      const frame = this.read(symbol) ?? { symbol, trackedSince, ledgerStart };
      bronze.appendToManifest(trackingLine(frame, origin));
      return frame;
    });
  }

  async extendLedger(symbol: string, start: EpochMicros, origin: string): Promise<void> {
    const leftOut = await this.runRepeatable(origin, (bronze) => {
      const floor = this.selectFloor.get(symbol) ?? undefined;
      if (this.extendLedgerTo.run(symbol, start).changes === 0) return undefined;
      this.tellLedger(symbol, { start, end: start });
      bronze.appendToManifest(ledgerLine(symbol, start, origin));
      return floor === undefined ? undefined : { start, end: floor };
    });
    for (let from = leftOut?.start ?? Infinity; leftOut && from < leftOut.end; from += DAY) {
      const minutes = this.selectMinutes.all(symbol, from, Math.min(from + DAY, leftOut.end));
      await this.runRepeatable(origin, () => {
        this.candles.account(
          symbol,
          minutes.map((row) => row.open_time),
        );
      });
    }
  }

  tracked(symbol: string): Promise<TrackedSymbol | undefined> {
    return Promise.resolve(this.read(symbol));
  }

  ledgerFrame(symbol: string): Promise<TrackedSymbol | undefined> {
    return Promise.resolve(frameOf(symbol, this.selectTracked.get(symbol)));
  }

  saveSymbols(symbols: readonly SymbolInfo[], origin: string): Promise<void> {
    return this.parts.units.append((bronze) => {
      this.parts.origin.claim(origin);
      const now = this.parts.clock.now();
      const changes = symbols.flatMap((symbol) => this.assets.note(symbol, now) ?? []);
      bronze.appendToManifest(...changes.map(assetsLine));
      const changed = symbols.filter((symbol) => this.upsertSymbol.run(symbol).changes > 0);
      this.tellSymbols(changed.map(({ symbol }) => symbol));
    });
  }

  knownSymbols(): Promise<readonly Pick<SymbolInfo, 'symbol' | 'status'>[]> {
    return Promise.resolve(this.selectSymbols.all());
  }

  saveDelisted(symbols: readonly string[]): Promise<void> {
    return this.queue.run(() => {
      this.tellSymbols(symbols.filter((symbol) => this.markDelisted.run(DELISTED, symbol, DELISTED).changes > 0));
    });
  }

  firstMinute(symbol: string): Promise<EpochMicros | undefined> {
    return Promise.resolve(this.selectFirstMinute.get(symbol)?.first_minute ?? undefined);
  }

  saveFirstMinute(symbol: string, openTime: EpochMicros, origin: string): Promise<void> {
    return this.queue.run(() => {
      this.parts.origin.claim(origin);
      this.upsertFirstMinute.run(symbol, openTime);
      this.tellSymbols([symbol]);
    });
  }

  saveFetched(fetched: FetchedMinutes): Promise<void> {
    return this.runRepeatable(fetched.origin, (bronze) => {
      this.keepAndTell(bronze, fetched.candles, this.candles.write(fetched.candles));
      runUnit(this.rows, unfilledUnit(fetched.symbol, fetched.range, []));
      this.noteLeftOut(fetched.symbol, fetched);
      const trackedSince = this.read(fetched.symbol)?.trackedSince ?? fetched.fetchedAt;
      if (fetched.candles.length > 0) bronze.appendToManifest(manifestLine(fetched, trackedSince));
    });
  }

  saveDay(day: ImportedDay): Promise<ImportCounts> {
    return this.runRepeatable(day.origin, (bronze) => {
      const { counts, ...outcome } = this.candles.writeDay(day.symbol, day);
      this.keepAndTell(bronze, day.candles, outcome);
      const settled = subtractRanges([day.range], this.gaps(day.symbol, day.range));
      for (const range of settled) runUnit(this.rows, unfilledUnit(day.symbol, range, []));
      this.noteLeftOut(day.symbol, day);
      if (day.file) {
        const trackedSince = this.read(day.symbol)?.trackedSince ?? day.fetchedAt;
        bronze.appendToManifest(fileManifestLine(day, day.file, trackedSince));
      }
      return counts;
    });
  }

  markStopped(symbol: string, ranges: readonly TimeRange[]): Promise<void> {
    return this.parts.units.append((bronze) => {
      const notedAt = this.parts.clock.now();
      const lines: string[] = [];
      for (const range of ranges) {
        runUnit(this.rows, unfilledUnit(symbol, range, []));
        for (const gap of runUnit(this.rows, stopUnit(symbol, range, notedAt))) {
          this.tellLedger(symbol, gap);
          lines.push(stoppedLine(symbol, gap, notedAt));
        }
      }
      bronze.appendToManifest(...lines);
    });
  }

  noteUnfilled(symbol: string, asked: TimeRange, unfilled: readonly UnfilledRange[]): Promise<void> {
    return this.queue.run(
      () => {
        runUnit(this.rows, unfilledUnit(symbol, asked, unfilled));
        for (const range of unfilled) this.tellLedger(symbol, range);
      },
      { durability: 'normal' },
    );
  }

  missing(symbol: string, range: TimeRange): Promise<TimeRange[]> {
    return Promise.resolve(this.gaps(symbol, range));
  }

  minutes(symbol: string, { start, end }: TimeRange): Promise<readonly MinuteCandle[]> {
    return Promise.resolve(this.selectMinutes.all(symbol, start, end).map(toMinuteCandle));
  }

  lastMinute(symbol: string): Promise<EpochMicros | undefined> {
    return Promise.resolve(this.selectLastMinute.get(symbol)?.open_time);
  }

  reachEvidence(symbol: string, now: EpochMicros): Promise<ReachEvidence | undefined> {
    return Promise.resolve(this.reach.of(symbol, now));
  }

  async confirmReach(symbol: string): Promise<void> {
    await this.queue.run(() => this.setReachChecked.run(symbol));
  }

  async moveLedger(frame: TrackedSymbol): Promise<void> {
    const { symbol, ledgerStart } = frame;
    await this.parts.units.append((bronze) => {
      this.moveLedgerTo.run(frame);
      runUnit(this.rows, forgetLedgerUnit(symbol, ledgerStart));
      this.tellLedger(symbol, { start: ledgerStart, end: ledgerStart });
      bronze.appendToManifest(reachLine(frame));
    });
  }

  settleStamps(now: EpochMicros): Promise<SettledStamps> {
    return this.settler.settle(now);
  }

  /** A unit that can be run again from its source, so it need not be flushed one by one. */
  private runRepeatable<T>(origin: string, unit: (bronze: BronzeUnit) => T): Promise<T> {
    return this.parts.units.append(
      (bronze) => {
        this.parts.origin.claim(origin);
        return unit(bronze);
      },
      { durability: 'normal' },
    );
  }

  /** Why minutes are missing of which there was a row. */
  private noteLeftOut(symbol: string, { leftOut, fetchedAt }: Pick<FetchedMinutes, 'leftOut' | 'fetchedAt'>): void {
    for (const { detail, ...range } of leftOut) {
      const notes = this.gaps(symbol, range).map((gap) => ({ ...gap, reason: detail, askedAt: fetchedAt }));
      for (const note of notes) runUnit(this.rows, unfilledUnit(symbol, note, [note]));
    }
  }

  private keepAndTell(
    bronze: BronzeUnit,
    candles: readonly MinuteCandle[],
    outcome: Pick<MinutesOutcome, 'promoted' | 'changed'>,
  ): void {
    const { kinds, writer } = this.parts;
    writer.tell(fetchedOutcome(kinds.of(CANDLE_KIND), candles, outcome), HISTORY_FEED, bronze);
  }

  private tellLedger(symbol: string, { start, end }: TimeRange): void {
    const items = [{ symbol, start, end, count: minutesIn({ start, end }) }];
    this.parts.feed.note(HISTORY_FEED, { kind: 'ledger', items });
  }

  private tellSymbols(symbols: readonly string[]): void {
    const items = symbols.map((symbol) => ({ symbol, start: 0, end: 0, count: 0 }));
    this.parts.feed.note(HISTORY_FEED, { kind: 'symbols', items });
  }

  private gaps(symbol: string, range: TimeRange): TimeRange[] {
    return runUnit(this.rows, findOnly(missingMinutesIn(symbol, range)));
  }

  private read(symbol: string): TrackedSymbol | undefined {
    const row = this.selectTracked.get(symbol);
    return row?.backfill_planned === 0 ? undefined : frameOf(symbol, row);
  }
}

function frameOf(symbol: string, row: TrackedRow | undefined): TrackedSymbol | undefined {
  if (row?.tracked_since == null || row.ledger_start == null) return undefined;
  return { symbol, trackedSince: row.tracked_since, ledgerStart: row.ledger_start };
}
