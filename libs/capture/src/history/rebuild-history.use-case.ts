import { Inject, Injectable } from '@nestjs/common';
import {
  Exchange,
  ExchangeError,
  HistoryStore,
  RebuildStore,
  type FetchedAgain,
  type RebuildLoss,
  type RecordedFetch,
} from '@app/domain';
import { CAPTURE_OPTIONS, type CaptureOptions } from '../capture-options';
import { GentlePace } from './gentle-pace';

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

export interface RebuildReport {
  /** Everything that the new database lacks. */
  readonly losses: readonly RebuildLoss[];
  /** Whether it has taken the place of the old one. */
  readonly isReplaced: boolean;
}

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
    private readonly pace: GentlePace,
    @Inject(CAPTURE_OPTIONS) private readonly options: CaptureOptions,
  ) {}

  /**
   * Goes on where an interrupted one ended. When the signal ends it, nothing is replaced and everything done is kept.
   *
   * @throws OriginMismatchError when the exchange is not the one that the data came from
   */
  async execute(
    acceptLosses: boolean,
    signal: AbortSignal,
    onProgress: (progress: RebuildProgress) => void,
  ): Promise<RebuildReport> {
    await this.store.takeUpLines(signal, (progress) => {
      onProgress({ step: 'lines', ...progress });
    });
    await this.fetchAgain(signal, onProgress);
    const losses = signal.aborted ? [] : await this.describeSymbols(signal);
    if (signal.aborted) return { losses: [], isReplaced: false };
    await this.store.restoreStops();
    losses.push(...(await this.store.losses()));
    return { losses, isReplaced: await this.store.finish(acceptLosses) };
  }

  private async fetchAgain(signal: AbortSignal, onProgress: (progress: RebuildProgress) => void): Promise<void> {
    const fetches = await this.store.remaining();
    let rows = 0;
    for (const [done, fetch] of fetches.entries()) {
      if (signal.aborted) return;
      onProgress({ step: 'fetches', done, total: fetches.length, rows, symbol: fetch.symbol });
      try {
        const again = await this.ask(fetch, signal);
        if (await this.store.restore(fetch, again)) rows += again.candles.length;
      } catch (error) {
        if (isAborted(signal)) return;
        if (!(error instanceof ExchangeError)) throw error;
        await this.store.giveUp(fetch, error.message);
      }
    }
  }

  private async ask({ symbol, range }: RecordedFetch, signal: AbortSignal): Promise<FetchedAgain> {
    await this.pace.step(signal);
    const { data, origin } = await this.exchange.minuteCandles(symbol, range, signal);
    return { origin, candles: data.filter(({ openTime }) => openTime >= range.start && openTime < range.end) };
  }

  /** What the exchange says of symbols is not history: it is asked for as it is now. */
  private async describeSymbols(signal: AbortSignal): Promise<RebuildLoss[]> {
    const symbols = [...new Set([...this.options.symbols, ...(await this.store.symbols())])];
    try {
      const { data, origin } = await this.exchange.symbols(symbols, signal);
      await this.history.saveSymbols(data, origin);
      for (const { symbol } of data) {
        if (isAborted(signal)) return [];
        if ((await this.history.firstMinute(symbol)) !== undefined) continue;
        await this.pace.step(signal);
        const first = await this.exchange.firstMinute(symbol, signal);
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

/** Asked anew: an await has passed since the type checker saw it. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
