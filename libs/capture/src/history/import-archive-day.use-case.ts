import { Inject, Injectable } from '@nestjs/common';
import {
  DAY,
  ExchangeError,
  floorTo,
  HistoryStore,
  minutesIn,
  subtractRanges,
  type ArchiveFailure,
  type EpochMicros,
  type ImportCounts,
  type LeftOutMinutes,
  type TimeRange,
} from '@app/domain';
import { ARCHIVE_ALONE, leftOutOf, REST_ALONE } from '@app/fill';
import { LOGGER, type Logger } from '@app/observability';
import { HistoryFill } from './history-fill';

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
    private readonly history: HistoryStore,
    private readonly fill: HistoryFill,
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
    const wanted = { symbol, ranges: [{ start: date, end: date + DAY }], sources: ARCHIVE_ALONE };
    for await (const { refusal, imported } of this.fill.run('backfill', wanted, signal)) {
      if (refusal) {
        const { failure, message: reason, retryAt } = refusal;
        return { kind: 'unavailable', failure, reason, retryAt };
      }
      if (imported) {
        const { facts, rows, counts } = imported;
        const rest = await this.askForAbsent(symbol, range, signal);
        return { kind: 'imported', file: facts.name, sha256: facts.sha256, rows, counts, ...rest };
      }
    }
    throw signal.reason;
  }

  private async askForAbsent(symbol: string, range: TimeRange, signal: AbortSignal): Promise<RestOfDay> {
    const absent = await this.history.missing(symbol, range);
    const wanted = { symbol, ranges: absent, sources: REST_ALONE };
    const leftOut: LeftOutMinutes[] = [];
    let rowsOverRest = 0;
    let restFailure: ExchangeError | undefined;
    try {
      for await (const page of this.fill.run('backfill', wanted, signal)) {
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
