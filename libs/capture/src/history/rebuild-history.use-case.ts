import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import {
  ArchiveError,
  candlesOutside,
  Exchange,
  ExchangeError,
  HistoryStore,
  KlineArchive,
  KlineFiles,
  RebuildStore,
  isAborted,
  leavingOut,
  type DaySieve,
  type KlineFile,
  type RebuildLoss,
  type RecordedFetch,
} from '@app/domain';
import { CAPTURE_OPTIONS, type CaptureOptions } from '../capture-options';

/** How far a rebuild has come: first the lines of bronze, then what has to be fetched again. */
export type RebuildProgress =
  | {
      readonly step: 'lines';
      readonly bytesDone: number;
      readonly bytesTotal: number;
      readonly rows: number;
      readonly file: string;
    }
  | {
      readonly step: 'fetches';
      readonly done: number;
      readonly total: number;
      readonly rows: number;
      readonly symbol: string;
    };

export interface RebuildOptions {
  /** Whether the new database takes the place of the old one although it lacks something. */
  readonly acceptLosses: boolean;
  /** Where the files lie that had been imported from disk. */
  readonly importsFolder: string | undefined;
}

export interface RebuildReport {
  /** Everything that the new database lacks. */
  readonly losses: readonly RebuildLoss[];
  /** Whether it has taken the place of the old one. */
  readonly isReplaced: boolean;
  /** Why what only the old database tells is not in the new one; undefined where it is. */
  readonly notTakenOver?: string | undefined;
  /** Where the old database was put that could not be read. */
  readonly keptAside?: string | undefined;
}

/** The archive names a monthly file by year and month, a daily one by the day as well. */
const MONTHLY_FILE = /-\d{4}-\d{2}\.zip$/;

/**
 * Makes the database anew from bronze, and from the sources that the bronze manifest names. Rows that are fetched again
 * count only when their hash is the recorded one: what a source gives otherwise now is another fact than the one that
 * was stored, and is left to a repair.
 */
@Injectable()
export class RebuildHistoryUseCase {
  constructor(
    private readonly store: RebuildStore,
    private readonly history: HistoryStore,
    private readonly exchange: Exchange,
    private readonly archive: KlineArchive,
    private readonly files: KlineFiles,
    @Inject(CAPTURE_OPTIONS) private readonly options: CaptureOptions,
  ) {}

  /**
   * Goes on where an interrupted one ended. When the signal ends it, nothing is replaced and everything done is kept.
   *
   * @throws OriginMismatchError when the exchange is not the one that the data came from
   */
  async execute(
    { acceptLosses, importsFolder }: RebuildOptions,
    signal: AbortSignal,
    onProgress: (progress: RebuildProgress) => void,
  ): Promise<RebuildReport> {
    await this.store.takeUpLines(signal, (progress) => {
      onProgress({ step: 'lines', ...progress });
    });
    await this.fetchAgain(importsFolder, signal, onProgress);
    const losses = signal.aborted ? [] : await this.describeSymbols(signal);
    if (signal.aborted) return { losses: [], isReplaced: false };
    await this.store.restoreStops();
    losses.push(...(await this.store.losses()));
    const { notTakenOver } = this.store;
    const isReplaced = await this.store.finish(acceptLosses);
    return { losses, isReplaced, notTakenOver, keptAside: this.store.keptAside };
  }

  private async fetchAgain(
    importsFolder: string | undefined,
    signal: AbortSignal,
    onProgress: (progress: RebuildProgress) => void,
  ): Promise<void> {
    const fetches = await this.store.remaining();
    let rows = 0;
    for (const [done, fetch] of fetches.entries()) {
      if (signal.aborted) return;
      onProgress({ step: 'fetches', done, total: fetches.length, rows, symbol: fetch.symbol });
      try {
        if (await this.repeat(fetch, importsFolder, signal)) rows += fetch.rows;
      } catch (error) {
        if (isAborted(signal)) return;
        if (!(error instanceof ExchangeError) && !(error instanceof ArchiveError)) throw error;
        await this.store.giveUp(fetch, error.message);
      }
    }
  }

  /** Returns whether the source gave the same rows again. @throws ExchangeError, ArchiveError */
  private async repeat(fetch: RecordedFetch, importsFolder: string | undefined, signal: AbortSignal): Promise<boolean> {
    const { kind, symbol, range } = fetch;
    if (kind === 'import') return this.importAgain(fetch, importsFolder, signal);
    if (kind === 'archive') {
      const day = MONTHLY_FILE.test(fetch.file ?? '')
        ? await this.archive.dayOfMonth(symbol, range.start, signal, leavingOut(fetch.leftOut))
        : await this.archive.day(symbol, range.start, signal, leavingOut(fetch.leftOut));
      const { origin, candles, rowsSha256: sha256 } = day;
      return this.store.restore(fetch, { origin, candles, sha256 });
    }
    const { data, origin } = await this.exchange.minuteCandles(symbol, range, signal, 'history');
    const inRange = data.filter(({ openTime }) => openTime >= range.start && openTime < range.end);
    const candles = candlesOutside(inRange, fetch.leftOut);
    return this.store.restore(fetch, { origin, candles });
  }

  /** Reads the file twice: nothing of it may be stored before its last row has shown it to be the same. */
  private async importAgain(fetch: RecordedFetch, folder: string | undefined, signal: AbortSignal): Promise<boolean> {
    const { symbol, file, origin, fetchedAt: capturedAt } = fetch;
    if (folder === undefined || file === undefined) {
      await this.store.giveUp(fetch, `it came from the file ${file ?? ''} on disk, whose folder was not named`);
      return false;
    }
    // What was accepted then is known by its hash.
    const options = { symbol, capturedAt, isKnownSpot: true };
    const open = (): Promise<KlineFile> => this.files.open(join(folder, file), options);
    const sieve = leavingOut(fetch.leftOut);
    const sha256 = await rowsHash(await open(), sieve, signal);
    if (sha256 === fetch.sha256) {
      for await (const { candles } of (await open()).days(signal, sieve)) await this.store.restorePart(fetch, candles);
    }
    return this.store.restore(fetch, { origin, candles: [], sha256 });
  }

  /** What the exchange says of symbols is not history: it is asked for as it is now. */
  private async describeSymbols(signal: AbortSignal): Promise<RebuildLoss[]> {
    const symbols = [...new Set([...this.options.choice.names, ...(await this.store.symbols())])];
    try {
      const { data, origin } = await this.exchange.symbols(symbols, signal);
      await this.history.saveSymbols(data, origin);
      for (const { symbol } of data) {
        if (isAborted(signal)) return [];
        if ((await this.history.firstMinute(symbol)) !== undefined) continue;
        const first = await this.exchange.firstMinute(symbol, signal, 'history');
        if (first.data !== undefined) await this.history.saveFirstMinute(symbol, first.data, first.origin);
      }
      return [];
    } catch (error) {
      if (isAborted(signal)) return [];
      if (!(error instanceof ExchangeError)) throw error;
      return [{ what: 'symbols', range: undefined, reason: `what the exchange says of them: ${error.message}` }];
    }
  }
}

/** Hash of the rows of a file that the sieve leaves, read to its end. */
async function rowsHash(file: KlineFile, sieve: DaySieve, signal: AbortSignal): Promise<string> {
  const days = file.days(signal, sieve);
  for (;;) {
    const step = await days.next();
    if (step.done === true) return step.value.rowsSha256;
  }
}
