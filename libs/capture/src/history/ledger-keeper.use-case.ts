import { Inject, Injectable } from '@nestjs/common';
import {
  Clock,
  ExchangeError,
  floorTo,
  HistoryStore,
  isAborted,
  isExchangeWide,
  LiveFlow,
  MINUTE,
  type TimeRange,
} from '@app/domain';
import { CAPTURE_OPTIONS, type CaptureOptions } from '../capture-options';
import { ExchangeTime } from '../candles/exchange-time';
import { LeftOutRegister } from '../left-out/left-out-register';
import { Refusals } from '../refusals/refusals';
import { SymbolPauses } from '../refusals/symbol-pauses';
import { CaptureFaults } from '../status/capture-faults';
import { SymbolTracker } from '../symbols/symbol-tracker';
import { BackfillUseCase, backfillSpan } from './backfill.use-case';
import { GapAgenda } from './gap-agenda';
import { GentlePace } from './gentle-pace';
import { LEFT_TO_LIVE } from './left-to-live';
import { MinuteFetcher } from './minute-fetcher';
import { cutAt, pagesOver, partsWithin } from './minute-ranges';

const PAGES_PER_RUN = 60;
/** After so many refusals, and no answer, the run ends: the route may be what is refused. */
const REFUSALS_TO_STOP = 3;

/** Gaps of a page that are noted one by one. */
const MOST_GAPS = 50;

interface AskedPage {
  readonly symbol: string;
  readonly page: TimeRange;
  /** What is missing of it, and due. */
  readonly gaps: readonly TimeRange[];
}

/** Asks the exchange for minutes that neither live sync nor the first backfill has brought, until each is accounted for. */
@Injectable()
export class LedgerKeeperUseCase {
  private readonly agendas = new Map<string, GapAgenda>();
  private readonly pauses: SymbolPauses;

  constructor(
    private readonly history: HistoryStore,
    private readonly fetcher: MinuteFetcher,
    private readonly live: LiveFlow,
    private readonly backfill: BackfillUseCase,
    private readonly tracker: SymbolTracker,
    private readonly exchangeTime: ExchangeTime,
    private readonly pace: GentlePace,
    private readonly faults: CaptureFaults,
    private readonly refusals: Refusals,
    private readonly leftOut: LeftOutRegister,
    private readonly clock: Clock,
    @Inject(CAPTURE_OPTIONS) private readonly options: CaptureOptions,
  ) {
    this.pauses = new SymbolPauses(clock, MINUTE);
  }

  async execute(signal: AbortSignal): Promise<void> {
    // Minutes that wait somewhere are not missing: they are on their way.
    if (this.faults.standAside || this.live.waiting) return;
    await this.exchangeTime.ready(signal);
    let pagesLeft = PAGES_PER_RUN;
    let refused = 0;
    const symbols = this.pauses.due(this.options.symbols);
    for (const [index, symbol] of symbols.entries()) {
      if (signal.aborted || pagesLeft <= 0) return;
      // What one symbol lacks takes no turn from the others.
      const share = Math.max(1, Math.floor(pagesLeft / (symbols.length - index)));
      try {
        const pages = await this.keep(symbol, share, signal);
        pagesLeft -= pages;
        if (pages > 0) this.answered(symbol);
      } catch (error) {
        if (isAborted(signal)) return;
        if (this.faults.note(error) === 'refused') return;
        this.refused(symbol, error as ExchangeError);
        refused += 1;
        if (isExchangeWide(error) || (pagesLeft === PAGES_PER_RUN && refused >= REFUSALS_TO_STOP)) return;
      }
    }
    // A run that met no failure of the whole exchange ends what was said of one, although nothing may have been due.
    this.refusals.answered('past minutes', []);
  }

  private answered(symbol: string): void {
    this.pauses.succeeded(symbol);
    this.refusals.answered('past minutes', [symbol]);
  }

  private refused(symbol: string, error: ExchangeError): void {
    const { failure, message: reason } = error;
    if (isExchangeWide(error)) {
      this.pauses.postponed(symbol);
      const retryAt = error.retryAt ?? floorTo(this.clock.now(), MINUTE) + MINUTE;
      this.refusals.refused('past minutes', [], { failure, reason, retryAt });
    } else {
      const retryAt = this.pauses.failed(symbol, error.retryAt);
      this.refusals.refused('past minutes', [symbol], { failure, reason, retryAt });
    }
  }

  /** Asks for what is due of one symbol, newest first; returns the number of pages asked for. */
  private async keep(symbol: string, pagesLeft: number, signal: AbortSignal): Promise<number> {
    const frame = await this.tracker.frame(symbol);
    const reach = this.live.reach(symbol);
    if (!frame || reach === undefined) return 0;
    const now = this.exchangeTime.now();
    const backfilled = backfillSpan(frame);
    const span: TimeRange = {
      start: this.backfill.finished(symbol) ? backfilled.start : backfilled.end,
      end: Math.min(floorTo(now - LEFT_TO_LIVE, MINUTE), reach),
    };
    if (span.start >= span.end) return 0;
    const agenda = this.agendaOf(symbol);
    const missing = await this.history.missing(symbol, span);
    this.leftOut.keepMissing(symbol, span, missing);
    if (missing.length === 0 && this.pauses.isFailing(symbol)) this.answered(symbol);
    const due = agenda.due(missing);
    const pages = pagesOver(due)
      .flatMap((page) => cutAt(page, backfilled.end))
      .reverse()
      .slice(0, pagesLeft);
    for (const page of pages) {
      await this.pace.step(signal);
      if (signal.aborted) break;
      const gaps = partsWithin(due, page);
      await this.ask({ symbol, page, gaps }, page.start < backfilled.end ? 'backfill' : 'repair', agenda, signal);
    }
    return pages.length;
  }

  private async ask(
    { symbol, page, gaps }: AskedPage,
    kind: 'backfill' | 'repair',
    agenda: GapAgenda,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      const { range } = await this.fetcher.fetch(kind, symbol, page, signal);
      // Each gap has pauses of its own, unless there are very many.
      for (const gap of gaps.length > MOST_GAPS ? [range] : partsWithin(gaps, range)) {
        this.leftOut.retryAt(symbol, gap, agenda.note(gap));
      }
    } catch (error) {
      // The symbol's own fault: asking again at once brings the same.
      if (error instanceof ExchangeError && !isExchangeWide(error)) agenda.note(page);
      throw error;
    }
  }

  private agendaOf(symbol: string): GapAgenda {
    const agenda = this.agendas.get(symbol) ?? new GapAgenda(this.clock);
    this.agendas.set(symbol, agenda);
    return agenda;
  }
}
