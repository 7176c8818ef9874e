import { Injectable } from '@nestjs/common';
import {
  BINANCE_ORIGIN,
  HistoryStore,
  KlineFiles,
  type DayOfMinutes,
  type DaySieve,
  type EpochMicros,
  type ImportCounts,
  type KlineFileEnd,
  type KlineFileFacts,
} from '@app/domain';
import { CaptureMetrics } from '../status/capture-metrics';
import { ExchangeNow } from './exchange-now';
import { leaveOutFewerTrades, leaveOutOpen, replacedMinutes, type ReplacedMinutes } from './import-rules';

/** How far an import has come. */
export interface ImportFileProgress {
  /** Bytes of the file that have been read. */
  readonly bytes: number;
  /** Rows that have been stored. */
  readonly rows: number;
}

export interface ImportFileOptions {
  /** Needed when neither the file's name nor the one inside it says it; must agree with both. */
  readonly symbol?: string;
  /** Whether a person says that it is of the spot market, whatever its name, folder or header is. */
  readonly isKnownSpot?: boolean;
  /** Where the file's data comes from; `binance` unless it was had from a simulator. */
  readonly origin?: string;
  /** Whether the file's minutes replace stored ones that have more trades. */
  readonly replace?: boolean;
  /** Called after each stored day. */
  readonly onProgress?: (progress: ImportFileProgress) => void;
}

/** What became of a file. */
export interface ImportedFileOutcome extends ImportCounts {
  readonly file: KlineFileFacts;
  /** Says as well which minutes of the file were left out. */
  readonly end: KlineFileEnd;
  /** Minutes that were stored with other numbers, ascending. */
  readonly replaced: readonly ReplacedMinutes[];
}

/**
 * Brings one file of minutes from disk into the store, a UTC day in each write unit. An interrupted import is run again
 * from the start: days that are stored stay, and the file's line in the manifest is written with its last day.
 *
 * Minutes that are not over at the exchange, and minutes that are stored with more trades, are left out; the manifest
 * lists them, so that a rebuild leaves out the same. Minutes that the file lacks stay missing: whether the exchange has
 * them is asked over REST by whoever repairs.
 */
@Injectable()
export class ImportFileUseCase {
  constructor(
    private readonly files: KlineFiles,
    private readonly history: HistoryStore,
    private readonly exchangeNow: ExchangeNow,
    private readonly metrics: CaptureMetrics,
  ) {}

  /** @throws ArchiveError, OriginMismatchError, or the signal's reason when the caller aborts */
  async execute(
    path: string,
    { symbol, isKnownSpot = false, origin = BINANCE_ORIGIN, replace = false, onProgress }: ImportFileOptions = {},
    signal?: AbortSignal,
  ): Promise<ImportedFileOutcome> {
    const { exchangeNow, capturedAt: fetchedAt } = await this.exchangeNow.of(origin, signal);
    const named = symbol === undefined ? {} : { symbol };
    const file = await this.files.open(path, { ...named, isKnownSpot, capturedAt: fetchedAt });
    const replaced: ReplacedMinutes[] = [];
    const total = { taken: 0, repeats: 0, revisions: 0 };
    let rows = 0;
    const save = async (day: DayOfMinutes, end?: KlineFileEnd): Promise<void> => {
      const counts = await this.history.saveDay({
        ...day,
        origin,
        symbol: file.facts.symbol,
        fetchedAt,
        ...(end ? { file: { kind: 'import' as const, facts: file.facts, end } } : {}),
      });
      total.taken += counts.taken;
      total.repeats += counts.repeats;
      total.revisions += counts.revisions;
      rows += day.candles.length;
      this.metrics.fetched('import', day.candles.length);
      onProgress?.({ bytes: file.bytesRead, rows });
    };
    const days = file.days(signal, this.sieve(file.facts.symbol, exchangeNow, replace, replaced));
    // The file's last day carries its line in the manifest, so each waits until the next one is there.
    let waiting: DayOfMinutes | undefined;
    for (;;) {
      const step = await days.next();
      if (step.done === true) {
        if (waiting) await save(waiting, step.value);
        return { ...total, replaced, file: file.facts, end: step.value };
      }
      if (waiting) await save(waiting);
      waiting = step.value;
    }
  }

  /**
   * What is captured live while a day waits to be stored was captured later than this file, and so stays the newer
   * version whatever is decided here.
   */
  private sieve(symbol: string, exchangeNow: EpochMicros, replace: boolean, replaced: ReplacedMinutes[]): DaySieve {
    return async (day) => {
      const closed = leaveOutOpen(day, exchangeNow);
      const stored = await this.history.minutes(symbol, day.range);
      const accepted = replace ? closed : leaveOutFewerTrades(closed, stored);
      for (const minute of replacedMinutes(accepted, stored)) appendJoined(replaced, minute);
      return accepted;
    };
  }
}

/** Neighbours become one range: a file of another source may differ in every minute. */
function appendJoined(ranges: ReplacedMinutes[], next: ReplacedMinutes): void {
  const last = ranges.at(-1);
  if (last?.end === next.start) ranges[ranges.length - 1] = { ...last, end: next.end };
  else ranges.push(next);
}
