import { Inject, Injectable } from '@nestjs/common';
import {
  ExchangeError,
  formatDate,
  isAborted,
  type ArchiveError,
  type CandlePage,
  type FetchKind,
  type ImportCounts,
  type KlineFileFacts,
  type MinuteCandle,
  type TimeRange,
} from '@app/domain';
import { MinuteFill, minutesWithin, type FillStep, type WantedMinutes } from '@app/fill';
import { LOGGER, type Logger } from '@app/observability';
import { ExchangeTime } from '../candles/exchange-time';
import { ArchiveDayKeeper } from './archive-day.keeper';
import { FetchedPageKeeper, type KeptPage } from './fetched-page.keeper';

/** What came of a part of a step, once it is stored. */
export interface FilledMinutes extends KeptPage {
  /** The page that was answered for, or the whole day. */
  readonly range: TimeRange;
  /** How many of the wanted minutes it speaks for. */
  readonly minutes: number;
  /** Where the part is a day of the archive. */
  readonly imported?: ImportedFile;
  /** Why the archive did not give the day. */
  readonly refusal?: ArchiveError;
}

/** A file of the archive whose day is stored. */
export interface ImportedFile {
  readonly facts: KlineFileFacts;
  /** Rows of the file, each counted once, and what the store made of them. */
  readonly rows: number;
  readonly counts: ImportCounts;
}

const NOTHING: KeptPage = { rows: 0, taken: 0, leftOut: [], unresolved: [] };

/** Brings wanted minutes of the past into the store, from wherever {@link MinuteFill} has them. */
@Injectable()
export class HistoryFill {
  constructor(
    private readonly minutes: MinuteFill,
    private readonly pages: FetchedPageKeeper,
    private readonly days: ArchiveDayKeeper,
    private readonly exchangeTime: ExchangeTime,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** The steps in which wanted minutes come, oldest first. */
  plan(wanted: WantedMinutes): FillStep[] {
    return this.minutes.plan(wanted);
  }

  /**
   * Does all steps, oldest first. Yields each part once it is stored; ends early, with everything yielded kept, when the
   * signal says so. Absent minutes before the first row that exists are settled as soon as such a row turns up.
   * @throws ExchangeError, OriginMismatchError
   */
  async *run(kind: FetchKind, wanted: WantedMinutes, signal: AbortSignal): AsyncGenerator<FilledMinutes> {
    const { symbol } = wanted;
    let unresolved: TimeRange[] = [];
    try {
      for (const step of this.plan(wanted)) {
        if (signal.aborted) return;
        for await (const part of this.take(kind, step, signal)) {
          if (part.rows > 0 && unresolved.length > 0) {
            await this.resolve(symbol, unresolved, signal);
            unresolved = [];
          }
          unresolved.push(...part.unresolved);
          yield part;
        }
      }
      if (!signal.aborted) await this.resolve(symbol, unresolved, signal);
    } catch (error) {
      // A request may wait for its place for a long time.
      if (!isAborted(signal)) throw error;
    }
  }

  /** Does one step. @throws ExchangeError, OriginMismatchError, or the signal's reason */
  async *take(kind: FetchKind, step: FillStep, signal: AbortSignal): AsyncGenerator<FilledMinutes> {
    const { symbol, wanted } = step;
    const sieve = this.days.sieve(symbol);
    const asking = (range: TimeRange, question: () => Promise<CandlePage<MinuteCandle>>) =>
      this.ask(symbol, range, question, signal);
    for await (const part of this.minutes.take(step, { signal, sieve, asking })) {
      const { range } = part;
      switch (part.kind) {
        case 'day': {
          const counts = await this.days.keep(symbol, part.day);
          const { candles, file: facts } = part.day;
          const [rows, taken] = [candles.length, counts.taken];
          const minutes = minutesWithin(wanted, range) - minutesWithin(part.absent, range);
          yield { ...NOTHING, range, minutes, rows, taken, imported: { facts, rows, counts } };
          break;
        }
        case 'refused':
          this.tellRefusal(symbol, range, part.refusal);
          yield { ...NOTHING, range, minutes: 0, refusal: part.refusal };
          break;
        case 'page':
          yield {
            ...(await this.pages.keep(kind, symbol, part.page, signal)),
            range,
            minutes: minutesWithin(wanted, range),
          };
      }
    }
  }

  /** Marks those absent ranges stopped that a later row or the symbol's status proves; returns the others. */
  resolve(symbol: string, absent: readonly TimeRange[], signal: AbortSignal): Promise<readonly TimeRange[]> {
    return this.pages.resolve(symbol, absent, signal);
  }

  /** When nothing can be had, the reason is kept with the range. */
  private async ask(
    symbol: string,
    range: TimeRange,
    question: () => Promise<CandlePage<MinuteCandle>>,
    signal: AbortSignal,
  ): Promise<CandlePage<MinuteCandle>> {
    try {
      return await this.exchangeTime.ask(question, signal);
    } catch (error) {
      if (error instanceof ExchangeError && !signal.aborted) {
        await this.pages.note(symbol, range, `${error.failure}: ${error.message}`);
      }
      throw error;
    }
  }

  private tellRefusal(symbol: string, { start }: TimeRange, { failure, message }: ArchiveError): void {
    // A day that is not there is nothing special: it is too young, or the symbol did not trade.
    if (failure === 'not_found' || failure === 'disabled') return;
    const date = formatDate(start);
    this.logger.warn({ symbol, date, failure }, `archive: ${message}; the day is asked for over REST`);
  }
}
