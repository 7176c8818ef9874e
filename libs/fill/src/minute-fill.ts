import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import {
  ArchiveError,
  Clock,
  Exchange,
  KlineArchive,
  type ArchiveDay,
  type CandlePage,
  type DaySieve,
  type MinuteCandle,
  type TimeRange,
} from '@app/domain';
import { ArchiveMemory } from './archive-memory';
import { planFill } from './fill-plan';
import { absentWithin, firstPage, pagesOver } from './minute-ranges';
import type { FilledPart, FillStep, WantedMinutes } from './wanted-minutes';

/** Real time between two requests: the event loop serves others meanwhile. */
const BREATH_MS = 5;

/** Asks REST for a page; what is to be done around each question is the caller's. */
type Asking = (
  range: TimeRange,
  question: () => Promise<CandlePage<MinuteCandle>>,
) => Promise<CandlePage<MinuteCandle>>;

export interface FillOptions {
  /** Once it is aborted nothing more is asked for, and what is under way may end with its reason. */
  readonly signal: AbortSignal;
  /** Leaves rows of a file out. */
  readonly sieve?: DaySieve;
  /** Asks at once unless given. */
  readonly asking?: Asking;
}

/**
 * The one way by which minutes of the past come: wanted minutes in, what the sources said of them out. Nothing is stored
 * here. A day comes from the archive when all of it is wanted and its file is there; the minutes that a file lacks, and
 * days whose file is absent or broken, come over REST at once. One file at a time is on disk and in memory, whoever asks.
 */
@Injectable()
export class MinuteFill {
  private readonly memory: ArchiveMemory;
  /** The file in hand. */
  private file: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly exchange: Exchange,
    private readonly archive: KlineArchive,
    clock: Clock,
  ) {
    this.memory = new ArchiveMemory(archive, clock);
  }

  /** The steps in which wanted minutes come, oldest first. */
  plan(wanted: WantedMinutes): FillStep[] {
    return planFill(wanted, this.archive.isEnabled, this.exchange.candlesPerPage);
  }

  /** What the sources say of a step, part by part. @throws ExchangeError, or the signal's reason */
  async *take(step: FillStep, { signal, sieve, asking }: FillOptions): AsyncGenerator<FilledPart> {
    const { symbol, range, sources } = step;
    let { wanted } = step;
    if (sources.includes('archive')) {
      const answer = await this.archived(step, signal, sieve);
      if (answer instanceof ArchiveError) {
        yield { kind: 'refused', range, refusal: answer };
      } else if (answer) {
        wanted = absentWithin(wanted, answer.candles);
        yield { kind: 'day', range, day: answer, absent: wanted };
      }
    }
    if (!sources.includes('rest')) return;
    const { candlesPerPage } = this.exchange;
    for (const asked of pagesOver(wanted, candlesPerPage)) {
      for (let { start } = asked; start < asked.end;) {
        if (await this.isOver(signal)) return;
        const part = firstPage({ start, end: asked.end }, candlesPerPage);
        const question = (): Promise<CandlePage<MinuteCandle>> =>
          this.exchange.minuteCandles(symbol, part, signal, 'history');
        const page = asking ? await asking(part, question) : await question();
        if (page.data.length > 0) this.memory.restHasRows(symbol);
        yield { kind: 'page', range: page.answered, page };
        start = page.answered.end;
      }
    }
  }

  /** The day from a file; undefined where the archive need not be asked, or the signal has ended the wait. */
  private async archived(
    step: FillStep,
    signal: AbortSignal,
    sieve: DaySieve | undefined,
  ): Promise<ArchiveDay | ArchiveError | undefined> {
    const { symbol, range } = step;
    const mustAsk = isArchiveAlone(step);
    const before = this.file;
    const answer = before.then(async () => {
      if (!mustAsk && !this.memory.mayHaveDay(symbol, range.start)) return undefined;
      if (await this.isOver(signal)) return undefined;
      return this.fetch(step, mustAsk, signal, sieve);
    });
    this.file = answer.catch(() => undefined);
    return answer;
  }

  /** The daily file, or the monthly one where there is no daily one. */
  private async fetch(
    { symbol, range: { start: date } }: FillStep,
    mustAsk: boolean,
    signal: AbortSignal,
    sieve: DaySieve | undefined,
  ): Promise<ArchiveDay | ArchiveError> {
    let error: ArchiveError;
    try {
      const day = await this.archive.day(symbol, date, signal, sieve);
      this.memory.answered();
      return day;
    } catch (failure) {
      if (!(failure instanceof ArchiveError)) throw failure;
      error = failure;
    }
    if (error.failure === 'not_found' && (mustAsk || this.memory.mayHaveMonth(symbol, date))) {
      try {
        const day = await this.archive.dayOfMonth(symbol, date, signal, sieve);
        this.memory.answered();
        return day;
      } catch (failure) {
        if (!(failure instanceof ArchiveError)) throw failure;
        this.memory.monthFailed(symbol, date);
        error = failure;
      }
    }
    this.memory.dayFailed(symbol, date, error);
    return error;
  }

  /** Lets others have their turn; returns whether nothing more is to be asked for. */
  private async isOver(signal: AbortSignal): Promise<boolean> {
    await delay(BREATH_MS, undefined, { signal }).catch(() => undefined);
    return signal.aborted;
  }
}

function isArchiveAlone({ sources }: Pick<WantedMinutes, 'sources'>): boolean {
  return sources !== undefined && !sources.includes('rest');
}
