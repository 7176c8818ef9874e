import { Inject, Injectable } from '@nestjs/common';
import {
  ArchiveError,
  DAY,
  ExchangeError,
  floorTo,
  formatDate,
  HistoryStore,
  KlineArchive,
  minutesIn,
  subtractRanges,
  type ArchiveDay,
  type ArchiveFailure,
  type DaySieve,
  type EpochMicros,
  type ImportCounts,
  type LeftOutMinutes,
  type TimeRange,
} from '@app/domain';
import { LOGGER, type Logger } from '@app/observability';
import { CaptureMetrics } from '../status/capture-metrics';
import { GapFiller } from './gap-filler';
import { leaveOutFewerTrades } from './import-rules';
import { leftOutOf, pagesOver } from './minute-ranges';

/** What became of a day of the archive. */
export type ArchiveDayOutcome =
  | {
      readonly kind: 'imported';
      /** Name of the file and its hash, as the manifest has them. */
      readonly file: string;
      readonly sha256: string;
      /** Rows of the file, each counted once, and what the store made of them. */
      readonly rows: number;
      readonly counts: ImportCounts;
      /** Rows that REST gave for minutes that the file does not have. */
      readonly rowsOverRest: number;
      /** Minutes of the day that are still in no state: REST could not be asked, or proves nothing yet. */
      readonly unresolved: readonly TimeRange[];
      /** Minutes of the day that are missing because REST gave rows of them that were not accepted. */
      readonly leftOut: readonly LeftOutMinutes[];
      /** Why REST could not be asked. */
      readonly restFailure?: ExchangeError;
    }
  | {
      /** The day has to come over REST. */
      readonly kind: 'unavailable';
      readonly failure: ArchiveFailure;
      readonly reason: string;
      /** Market time before which the archive does not want to be asked again, where it says so. */
      readonly retryAt?: EpochMicros | undefined;
    };

/** What REST said of the minutes that a file lacks. */
type RestOfDay = Pick<
  Extract<ArchiveDayOutcome, { readonly kind: 'imported' }>,
  'rowsOverRest' | 'leftOut' | 'unresolved' | 'restFailure'
>;

/**
 * Brings one UTC day from the exchange's archive into the store.
 *
 * The archive proves what is in its file, not what is missing from it: files were cut at a row and published with a
 * matching hash, and put right weeks later. So every minute that the day lacks is asked for over REST. Where REST has
 * it, it is stored; where REST does not have it either and a later row exists, the exchange stopped.
 */
@Injectable()
export class ImportArchiveDayUseCase {
  constructor(
    private readonly archive: KlineArchive,
    private readonly history: HistoryStore,
    private readonly filler: GapFiller,
    private readonly metrics: CaptureMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Stores the whole day that `range` lies in, and accounts for the minutes of `range`. May be repeated at any time: what
   * is stored stays.
   *
   * @throws OriginMismatchError, or the signal's reason when the caller aborts
   */
  async execute(symbol: string, range: TimeRange, signal: AbortSignal): Promise<ArchiveDayOutcome> {
    const date = floorTo(range.start, DAY);
    let day: ArchiveDay;
    try {
      day = await this.fetch(symbol, date, signal);
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error;
      return this.unavailable(symbol, date, error);
    }
    const counts = await this.save(symbol, day);
    this.tellLeftOut(symbol, day);
    const rest = await this.askForAbsent(symbol, range, signal);
    const { name, sha256 } = day.file;
    return { kind: 'imported', file: name, sha256, rows: day.candles.length, counts, ...rest };
  }

  /** The daily file, or the monthly one where there is no daily one. */
  private async fetch(symbol: string, date: EpochMicros, signal: AbortSignal): Promise<ArchiveDay> {
    // Files have lost trades that REST still had: what came over REST or live with more of them stays.
    const sieve: DaySieve = async (day) => leaveOutFewerTrades(day, await this.history.minutes(symbol, day.range));
    try {
      return await this.archive.day(symbol, date, signal, sieve);
    } catch (error) {
      if (!(error instanceof ArchiveError) || error.failure !== 'not_found') throw error;
      return this.archive.dayOfMonth(symbol, date, signal, sieve);
    }
  }

  private unavailable(
    symbol: string,
    date: EpochMicros,
    { failure, message, retryAt }: ArchiveError,
  ): ArchiveDayOutcome {
    // A day that is not there is nothing special: it is too young, or the symbol did not trade.
    if (failure !== 'not_found' && failure !== 'disabled') {
      this.logger.warn(
        { symbol, date: formatDate(date), failure },
        `archive: ${message}; the day is asked for over REST`,
      );
    }
    return { kind: 'unavailable', failure, reason: message, retryAt };
  }

  private async save(symbol: string, { file, rowsSha256, duplicates, ...day }: ArchiveDay): Promise<ImportCounts> {
    const { origin, range, candles, leftOut, fetchedAt } = day;
    const end = { rows: candles.length, duplicates, leftOut, range, rowsSha256 };
    const counts = await this.history.saveDay({
      origin,
      symbol,
      range,
      candles,
      leftOut,
      fetchedAt,
      file: { kind: 'archive', facts: file, end },
    });
    this.metrics.fetched('archive', candles.length);
    return counts;
  }

  private tellLeftOut(symbol: string, { file, leftOut }: ArchiveDay): void {
    const isStored = ({ reason }: LeftOutMinutes): boolean => reason === 'fewer_trades';
    const groups = [
      { minutes: leftOut.filter((one) => !isStored(one)), then: 'their minutes are asked for over REST' },
      { minutes: leftOut.filter(isStored), then: 'the stored minutes stay' },
    ];
    for (const { minutes, then } of groups) {
      const [first] = minutes;
      if (first === undefined) continue;
      const rows = minutes.reduce((sum, range) => sum + Math.max(1, minutesIn(range)), 0);
      this.logger.warn(
        { symbol, file: file.name, rows },
        `archive: ${rows} rows of ${file.name} are left out (${first.detail}); ${then}`,
      );
    }
  }

  private async askForAbsent(symbol: string, range: TimeRange, signal: AbortSignal): Promise<RestOfDay> {
    const absent = await this.history.missing(symbol, range);
    const leftOut: LeftOutMinutes[] = [];
    let rowsOverRest = 0;
    let restFailure: ExchangeError | undefined;
    try {
      for await (const page of this.filler.fill('backfill', symbol, pagesOver(absent), signal)) {
        rowsOverRest += page.taken;
        leftOut.push(...page.leftOut);
      }
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      restFailure = error;
    }
    const missing = absent.length === 0 ? [] : await this.history.missing(symbol, range);
    const left = leftOutOf(missing, leftOut);
    const unresolved = subtractRanges(missing, left);
    if (restFailure) return { rowsOverRest, leftOut: left, unresolved, restFailure };
    const minutes = unresolved.reduce((sum, gap) => sum + minutesIn(gap), 0);
    if (minutes > 0) this.logger.info({ symbol, minutes }, 'archive: minutes that nothing speaks for yet');
    return { rowsOverRest, leftOut: left, unresolved };
  }
}
