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
  HistoryStore,
  minutesIn,
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
  accountUnit,
  confirmReachUnit,
  delistUnit,
  describeSymbolsUnit,
  extendLedgerUnit,
  filledUnit,
  fetchedOutcome,
  findIn,
  firstMinuteOf,
  lastMinuteOf,
  ledgerFrame,
  leftOutUnit,
  missingMinutesIn,
  moveLedgerUnit,
  noteAssetsUnit,
  notedFirstMinute,
  reachEvidence,
  runUnit,
  stopUnit,
  storedMinutes,
  symbolStatuses,
  trackedSymbol,
  trackUnit,
  unfilledUnit,
  type Inquiry,
  type MinutesOutcome,
  type Rows,
} from '@app/history';
import type { OriginGuard } from '../database/origin-guard';
import type { WriteQueue } from '../database/write-queue';
import { HISTORY_FEED, type ChangeFeedWriter } from '../feed/change-feed.writer';
import type { CandleWriter } from '../sink/candle.writer';
import type { EventWriter } from '../sink/event-writer';
import { StampSettler } from './stamp-settler';

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
  private readonly settler: StampSettler;

  constructor(
    private readonly queue: WriteQueue,
    private readonly parts: HistoryStoreParts,
  ) {
    super();
    this.candles = parts.candles;
    this.rows = parts.rows;
    this.settler = new StampSettler({
      units: parts.units,
      rows: parts.rows,
      candles: this.candles,
      keep: (bronze, outcome) => {
        this.keepAndTell(bronze, [], outcome);
      },
    });
  }

  track(symbol: TrackedSymbol, origin: string): Promise<TrackedSymbol> {
    return this.parts.units.append((bronze) => {
      this.parts.origin.claim(origin);
      const { frame, hasBegun } = runUnit(this.rows, trackUnit(symbol));
      if (!hasBegun) return frame;
      this.tellLedger(symbol.symbol, { start: symbol.ledgerStart, end: symbol.ledgerStart });
      bronze.appendToManifest(trackingLine(frame, origin));
      return frame;
    });
  }

  async extendLedger(symbol: string, start: EpochMicros, origin: string): Promise<void> {
    const leftOut = await this.runRepeatable(origin, (bronze) => {
      const extended = runUnit(this.rows, extendLedgerUnit(symbol, start));
      if (!extended) return undefined;
      this.tellLedger(symbol, { start, end: start });
      bronze.appendToManifest(ledgerLine(symbol, start, origin));
      return extended.leftOut;
    });
    for (let from = leftOut?.start ?? Infinity; leftOut && from < leftOut.end; from += DAY) {
      const day = { start: from, end: Math.min(from + DAY, leftOut.end) };
      await this.runRepeatable(origin, () => {
        runUnit(this.rows, accountUnit(symbol, day));
      });
    }
  }

  tracked(symbol: string): Promise<TrackedSymbol | undefined> {
    return Promise.resolve(this.find(trackedSymbol(symbol)));
  }

  ledgerFrame(symbol: string): Promise<TrackedSymbol | undefined> {
    return Promise.resolve(this.find(ledgerFrame(symbol)));
  }

  saveSymbols(symbols: readonly SymbolInfo[], origin: string): Promise<void> {
    return this.parts.units.append((bronze) => {
      this.parts.origin.claim(origin);
      const changes = runUnit(this.rows, noteAssetsUnit(symbols, this.parts.clock.now()));
      bronze.appendToManifest(...changes.map(assetsLine));
      this.tellSymbols(runUnit(this.rows, describeSymbolsUnit(symbols)));
    });
  }

  knownSymbols(): Promise<readonly Pick<SymbolInfo, 'symbol' | 'status'>[]> {
    return Promise.resolve(this.find(symbolStatuses()));
  }

  saveDelisted(symbols: readonly string[]): Promise<void> {
    return this.queue.run(() => {
      this.tellSymbols(runUnit(this.rows, delistUnit(symbols)));
    });
  }

  firstMinute(symbol: string): Promise<EpochMicros | undefined> {
    return Promise.resolve(this.find(firstMinuteOf(symbol)));
  }

  saveFirstMinute(symbol: string, openTime: EpochMicros, origin: string): Promise<void> {
    return this.queue.run(() => {
      this.parts.origin.claim(origin);
      this.rows.apply([notedFirstMinute(symbol, openTime)]);
      this.tellSymbols([symbol]);
    });
  }

  saveFetched(fetched: FetchedMinutes): Promise<void> {
    return this.runRepeatable(fetched.origin, (bronze) => {
      this.keepAndTell(bronze, fetched.candles, this.candles.write(fetched.candles));
      runUnit(this.rows, unfilledUnit(fetched.symbol, fetched.range, []));
      this.noteLeftOut(fetched.symbol, fetched);
      const trackedSince = this.find(trackedSymbol(fetched.symbol))?.trackedSince ?? fetched.fetchedAt;
      if (fetched.candles.length > 0) bronze.appendToManifest(manifestLine(fetched, trackedSince));
    });
  }

  saveDay(day: ImportedDay): Promise<ImportCounts> {
    return this.runRepeatable(day.origin, (bronze) => {
      const { counts, ...outcome } = this.candles.writeDay(day.symbol, day);
      this.keepAndTell(bronze, day.candles, outcome);
      runUnit(this.rows, filledUnit(day.symbol, day.range));
      this.noteLeftOut(day.symbol, day);
      if (day.file) {
        const trackedSince = this.find(trackedSymbol(day.symbol))?.trackedSince ?? day.fetchedAt;
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
    return Promise.resolve(this.find(missingMinutesIn(symbol, range)));
  }

  minutes(symbol: string, range: TimeRange): Promise<readonly MinuteCandle[]> {
    return Promise.resolve(this.find(storedMinutes(symbol, range)));
  }

  lastMinute(symbol: string): Promise<EpochMicros | undefined> {
    return Promise.resolve(this.find(lastMinuteOf(symbol)));
  }

  reachEvidence(symbol: string, now: EpochMicros): Promise<ReachEvidence | undefined> {
    return Promise.resolve(this.find(reachEvidence(symbol, now)));
  }

  async confirmReach(symbol: string): Promise<void> {
    await this.queue.run(() => {
      runUnit(this.rows, confirmReachUnit(symbol));
    });
  }

  async moveLedger(frame: TrackedSymbol): Promise<void> {
    const { symbol, ledgerStart } = frame;
    await this.parts.units.append((bronze) => {
      runUnit(this.rows, moveLedgerUnit(frame));
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
    for (const minutes of leftOut) runUnit(this.rows, leftOutUnit(symbol, minutes, fetchedAt));
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

  private find<Found>(inquiry: Inquiry<Found>): Found {
    return findIn(this.rows, inquiry);
  }
}
