import { Inject, Injectable } from '@nestjs/common';
import { isAborted } from '@app/domain';
import { CAPTURE_OPTIONS, type CaptureOptions } from '../capture-options';
import { CaptureFaults, isExchangeWide } from '../status/capture-faults';
import { FirstMinuteFinder } from './first-minute.finder';

/**
 * Asks once for the very first candle of each symbol on the exchange and keeps its time in the store: three-day candles
 * are counted from that day, whatever of the history is stored here.
 */
@Injectable()
export class FirstMinutesUseCase {
  private readonly known = new Set<string>();

  constructor(
    private readonly finder: FirstMinuteFinder,
    private readonly faults: CaptureFaults,
    @Inject(CAPTURE_OPTIONS) private readonly options: CaptureOptions,
  ) {}

  /** Asks for those that are not known yet; what fails is asked for again at the next call. */
  async execute(signal: AbortSignal): Promise<void> {
    for (const symbol of this.options.symbols) {
      if (signal.aborted || this.faults.standAside) return;
      if (this.known.has(symbol)) continue;
      try {
        if ((await this.finder.find(symbol, signal)) !== undefined) this.known.add(symbol);
      } catch (error) {
        if (isAborted(signal)) return;
        const outcome = this.faults.note(error);
        if (isExchangeWide(error) || outcome === 'not_found' || outcome === 'refused') return;
      }
    }
  }
}
