import {
  HistoryStore,
  accountFor,
  type Clock,
  type EpochMicros,
  type FetchedMinutes,
  type SymbolInfo,
  type TimeRange,
  type TrackedSymbol,
} from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { BronzeArchive } from '../bronze/bronze-archive';
import { MANIFEST, manifestLine } from '../bronze/fetch-manifest';
import type { OriginGuard } from '../database/origin-guard';
import type { SqliteHandle } from '../database/sqlite-connection';
import type { WriteQueue } from '../database/write-queue';
import { LedgerWriter } from '../ledger/ledger.writer';
import { SymbolFrames } from '../ledger/symbol-frames';
import { CandleWriter } from '../sink/candle.writer';

/** The write side of the history in SQLite: fetched ranges, symbol list, ledger. */
export class SqliteHistoryStore extends HistoryStore {
  private readonly candles: CandleWriter;
  private readonly ledger: LedgerWriter;
  private readonly frames: SymbolFrames;
  private readonly upsertSymbol: Statement<[SymbolInfo]>;
  private readonly selectLastMinute: Statement<[string], { open_time: number }>;

  constructor(
    private readonly queue: WriteQueue,
    database: SqliteHandle,
    private readonly origin: OriginGuard,
    private readonly archive: BronzeArchive,
    private readonly clock: Clock,
  ) {
    super();
    this.candles = new CandleWriter(database);
    this.ledger = new LedgerWriter(database);
    this.frames = new SymbolFrames(database);
    this.upsertSymbol = database.prepare(
      `INSERT INTO symbols (symbol, base_asset, quote_asset, status) VALUES (@symbol, @baseAsset, @quoteAsset, @status)
       ON CONFLICT (symbol) DO UPDATE SET
         base_asset = excluded.base_asset, quote_asset = excluded.quote_asset, status = excluded.status
       WHERE base_asset IS NOT excluded.base_asset OR quote_asset IS NOT excluded.quote_asset
         OR status IS NOT excluded.status`,
    );
    this.selectLastMinute = database.prepare(
      'SELECT open_time FROM candles_1m WHERE symbol = ? ORDER BY open_time DESC LIMIT 1',
    );
  }

  track(frame: TrackedSymbol, origin: string): Promise<TrackedSymbol> {
    return this.queue.run(() => {
      this.origin.claim(origin);
      return this.frames.start(frame);
    });
  }

  tracked(symbol: string): Promise<TrackedSymbol | undefined> {
    return Promise.resolve(this.frames.read(symbol));
  }

  saveSymbols(symbols: readonly SymbolInfo[], origin: string): Promise<void> {
    return this.queue.run(() => {
      this.origin.claim(origin);
      for (const symbol of symbols) this.upsertSymbol.run(symbol);
    });
  }

  saveFetched(fetched: FetchedMinutes): Promise<void> {
    return this.queue.run(
      () => {
        this.archive.restore();
        this.origin.claim(fetched.origin);
        this.candles.write(fetched.candles);
        const trackedSince = this.frames.read(fetched.symbol)?.trackedSince ?? fetched.fetchedAt;
        if (fetched.candles.length > 0) this.archive.appendRecord(MANIFEST, manifestLine(fetched, trackedSince));
      },
      {
        durability: 'normal',
        onRollback: () => {
          this.archive.restore();
        },
      },
    );
  }

  markStopped(symbol: string, ranges: readonly TimeRange[]): Promise<void> {
    return this.queue.run(() => {
      for (const range of ranges) {
        for (const gap of this.gaps(symbol, range)) {
          this.ledger.record(symbol, { ...gap, state: 'stopped', repaired: false }, this.clock.now());
        }
      }
    });
  }

  missing(symbol: string, range: TimeRange): Promise<TimeRange[]> {
    return Promise.resolve(this.gaps(symbol, range));
  }

  lastMinute(symbol: string): Promise<EpochMicros | undefined> {
    return Promise.resolve(this.selectLastMinute.get(symbol)?.open_time);
  }

  private gaps(symbol: string, range: TimeRange): TimeRange[] {
    if (range.start >= range.end) return [];
    return [...accountFor(range, this.ledger.touching(symbol, range))]
      .filter(({ state }) => state === 'missing')
      .map(({ start, end }) => ({ start, end }));
  }
}
