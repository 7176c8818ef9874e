import { Injectable } from '@nestjs/common';
import { Clock, ExchangeError, floorTo, isAborted, isExchangeWide, MINUTE } from '@app/domain';
import type { JobResult } from '@app/jobs';
import { Refusals } from '../refusals/refusals';
import { SymbolPauses } from '../refusals/symbol-pauses';
import { CaptureFaults } from '../status/capture-faults';
import { CapturedSymbols } from '../symbols/captured-symbols';
import { FirstMinuteFinder } from './first-minute.finder';

/** After so many refusals, and no answer, the run ends: the route may be what is refused. */
const REFUSALS_TO_STOP = 3;

/**
 * Asks once for the very first candle of each symbol on the exchange and keeps its time in the store: three-day candles
 * are counted from that day, whatever of the history is stored here.
 */
@Injectable()
export class FirstMinutesUseCase {
  private readonly known = new Set<string>();
  private readonly pauses: SymbolPauses;

  constructor(
    private readonly finder: FirstMinuteFinder,
    private readonly faults: CaptureFaults,
    private readonly refusals: Refusals,
    private readonly clock: Clock,
    private readonly captured: CapturedSymbols,
  ) {
    this.pauses = new SymbolPauses(clock, MINUTE);
  }

  /** Asks for those that are not known yet; what fails is asked for again by a later call. */
  async execute(signal: AbortSignal): Promise<JobResult> {
    const unknown = this.captured.list.filter((symbol) => !this.known.has(symbol));
    let [answered, refused] = [0, 0];
    for (const symbol of this.pauses.due(unknown)) {
      if (signal.aborted || this.faults.isPaused) return 'failed';
      try {
        if ((await this.finder.find(symbol, signal)) !== undefined) this.known.add(symbol);
        answered += 1;
        this.pauses.succeeded(symbol);
        this.refusals.answered('first minutes', [symbol]);
      } catch (error) {
        if (isAborted(signal)) return 'failed';
        if (this.faults.note(error) === 'refused') return 'failed';
        this.refused(symbol, error as ExchangeError);
        refused += 1;
        if (isExchangeWide(error) || (answered === 0 && refused >= REFUSALS_TO_STOP)) return 'failed';
      }
    }
    return this.pauses.hasFailing ? 'failed' : 'ok';
  }

  private refused(symbol: string, error: ExchangeError): void {
    const { failure, message: reason } = error;
    if (isExchangeWide(error)) {
      this.pauses.postponed(symbol);
      const retryAt = error.retryAt ?? floorTo(this.clock.now(), MINUTE) + MINUTE;
      this.refusals.refused('first minutes', [], { failure, reason, retryAt });
    } else {
      const retryAt = this.pauses.failed(symbol, error.retryAt);
      this.refusals.refused('first minutes', [symbol], { failure, reason, retryAt });
    }
  }
}
