import { Injectable } from '@nestjs/common';
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
import { partsWithin, type FillStep } from '@app/fill';
import type { JobResult } from '@app/jobs';
import { ExchangeTime } from '../candles/exchange-time';
import { LeftOutRegister } from '../left-out/left-out-register';
import { Refusals } from '../refusals/refusals';
import { SymbolPauses } from '../refusals/symbol-pauses';
import { CaptureFaults } from '../status/capture-faults';
import { CapturedSymbols } from '../symbols/captured-symbols';
import { SymbolTracker } from '../symbols/symbol-tracker';
import { BackfillUseCase, backfillSpan } from './backfill.use-case';
import { GapAgenda } from './gap-agenda';
import { HistoryFill } from './history-fill';
import { LEFT_TO_LIVE } from './left-to-live';

const PAGES_PER_RUN = 60;
/** After so many refusals, and no answer, the run ends: the route may be what is refused. */
const REFUSALS_TO_STOP = 3;

/** Gaps of a page that are noted one by one. */
const MOST_GAPS = 50;

/** Asks the exchange for minutes that neither live sync nor the first backfill has brought, until each is accounted for. */
@Injectable()
export class LedgerKeeperUseCase {
  private readonly agendas = new Map<string, GapAgenda>();
  private readonly pauses: SymbolPauses;

  constructor(
    private readonly history: HistoryStore,
    private readonly fill: HistoryFill,
    private readonly live: LiveFlow,
    private readonly backfill: BackfillUseCase,
    private readonly tracker: SymbolTracker,
    private readonly exchangeTime: ExchangeTime,
    private readonly faults: CaptureFaults,
    private readonly refusals: Refusals,
    private readonly leftOut: LeftOutRegister,
    private readonly clock: Clock,
    private readonly captured: CapturedSymbols,
  ) {
    this.pauses = new SymbolPauses(clock, MINUTE);
  }

  async execute(signal: AbortSignal): Promise<JobResult> {
    // Minutes that wait somewhere are not missing: they are on their way.
    if (this.live.waiting) return 'ok';
    if (this.faults.isPaused) return 'failed';
    await this.exchangeTime.ready(signal);
    let pagesLeft = PAGES_PER_RUN;
    let refused = 0;
    const symbols = this.pauses.due(this.captured.list);
    for (const [index, symbol] of symbols.entries()) {
      if (signal.aborted || pagesLeft <= 0) return this.result();
      // What one symbol lacks takes no turn from the others.
      const share = Math.max(1, Math.floor(pagesLeft / (symbols.length - index)));
      try {
        const pages = await this.keep(symbol, share, signal);
        pagesLeft -= pages;
        if (pages > 0) this.answered(symbol);
      } catch (error) {
        if (isAborted(signal)) return 'failed';
        if (this.faults.note(error) === 'refused') return 'failed';
        this.refused(symbol, error as ExchangeError);
        refused += 1;
        if (isExchangeWide(error) || (pagesLeft === PAGES_PER_RUN && refused >= REFUSALS_TO_STOP)) return 'failed';
      }
    }
    // A run that met no failure of the whole exchange ends what was said of one, although nothing may have been due.
    this.refusals.answered('past minutes', []);
    return this.result();
  }

  private result(): JobResult {
    return this.pauses.hasFailing ? 'failed' : 'ok';
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
    const wanted = { symbol, ranges: due, cutAt: backfilled.end };
    const steps = this.fill.plan(wanted).reverse().slice(0, pagesLeft);
    for (const step of steps) {
      if (signal.aborted) break;
      await this.ask(step, step.range.start < backfilled.end ? 'backfill' : 'repair', agenda, signal);
    }
    return steps.length;
  }

  private async ask(
    step: FillStep,
    kind: 'backfill' | 'repair',
    agenda: GapAgenda,
    signal: AbortSignal,
  ): Promise<void> {
    const { symbol, range, wanted } = step;
    try {
      for await (const part of this.fill.take(kind, step, signal)) {
        // What a file lacks is asked for over REST at once.
        if (part.refusal ?? part.imported) continue;
        // Each gap has pauses of its own, unless there are very many.
        for (const gap of wanted.length > MOST_GAPS ? [part.range] : partsWithin(wanted, part.range)) {
          this.leftOut.retryAt(symbol, gap, agenda.note(gap));
        }
      }
    } catch (error) {
      // The symbol's own fault: asking again at once brings the same.
      if (error instanceof ExchangeError && !isExchangeWide(error)) agenda.note(range);
      throw error;
    }
  }

  private agendaOf(symbol: string): GapAgenda {
    const agenda = this.agendas.get(symbol) ?? new GapAgenda(this.clock);
    this.agendas.set(symbol, agenda);
    return agenda;
  }
}
