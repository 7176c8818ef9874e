import { Inject, Injectable } from '@nestjs/common';
import { ExchangeError, floorTo, HistoryStore, LiveFlow, MINUTE, isAborted, type TimeRange } from '@app/domain';
import { CAPTURE_OPTIONS, type CaptureOptions } from '../capture-options';
import { ExchangeTime } from '../candles/exchange-time';
import { CaptureFaults, isExchangeWide } from '../status/capture-faults';
import { SymbolTracker } from '../symbols/symbol-tracker';
import { BackfillUseCase, backfillSpan } from './backfill.use-case';
import { GapAgenda } from './gap-agenda';
import { GentlePace } from './gentle-pace';
import { LEFT_TO_LIVE } from './left-to-live';
import { MinuteFetcher } from './minute-fetcher';
import { cutAt, pagesOver } from './minute-ranges';

const PAGES_PER_RUN = 60;

/** Asks the exchange for minutes that neither live sync nor the first backfill has brought, until each is accounted for. */
@Injectable()
export class LedgerKeeperUseCase {
  private readonly agendas = new Map<string, GapAgenda>();

  constructor(
    private readonly history: HistoryStore,
    private readonly fetcher: MinuteFetcher,
    private readonly live: LiveFlow,
    private readonly backfill: BackfillUseCase,
    private readonly tracker: SymbolTracker,
    private readonly exchangeTime: ExchangeTime,
    private readonly pace: GentlePace,
    private readonly faults: CaptureFaults,
    @Inject(CAPTURE_OPTIONS) private readonly options: CaptureOptions,
  ) {}

  async execute(signal: AbortSignal): Promise<void> {
    // Minutes that wait somewhere are not missing: they are on their way.
    if (this.faults.standAside || this.live.waiting) return;
    await this.exchangeTime.ready(signal);
    let pagesLeft = PAGES_PER_RUN;
    for (const symbol of this.options.symbols) {
      if (signal.aborted || pagesLeft <= 0) return;
      try {
        pagesLeft -= await this.keep(symbol, pagesLeft, signal);
      } catch (error) {
        if (isAborted(signal)) return;
        const outcome = this.faults.note(error);
        if (isExchangeWide(error) || outcome === 'not_found' || outcome === 'refused') return;
      }
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
    const due = agenda.due(await this.history.missing(symbol, span), now);
    const pages = pagesOver(due)
      .flatMap((page) => cutAt(page, backfilled.end))
      .reverse()
      .slice(0, pagesLeft);
    for (const page of pages) {
      await this.pace.step(signal);
      if (signal.aborted) break;
      await this.ask(symbol, page, page.start < backfilled.end ? 'backfill' : 'repair', agenda, signal);
    }
    return pages.length;
  }

  private async ask(
    symbol: string,
    page: TimeRange,
    kind: 'backfill' | 'repair',
    agenda: GapAgenda,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      const { range } = await this.fetcher.fetch(kind, symbol, page, signal);
      agenda.note(range, this.exchangeTime.now());
    } catch (error) {
      // The symbol's own fault: asking again at once brings the same.
      if (error instanceof ExchangeError && !isExchangeWide(error)) agenda.note(page, this.exchangeTime.now());
      throw error;
    }
  }

  private agendaOf(symbol: string): GapAgenda {
    const agenda = this.agendas.get(symbol) ?? new GapAgenda();
    this.agendas.set(symbol, agenda);
    return agenda;
  }
}
