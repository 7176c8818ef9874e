import { Injectable } from '@nestjs/common';
import type { FetchKind, TimeRange } from '@app/domain';
import { firstPage } from '../candles/minute-page';
import { GentlePace } from './gentle-pace';
import { MinuteFetcher, type FetchedPage } from './minute-fetcher';

/** Fills gaps of a symbol from the exchange, oldest first, page by page. */
@Injectable()
export class GapFiller {
  constructor(
    private readonly fetcher: MinuteFetcher,
    private readonly pace: GentlePace,
  ) {}

  /**
   * Yields each page once it is stored; ends early, with everything yielded kept, when the signal says so. Absent
   * minutes before the first row that exists are settled as soon as such a row turns up.
   * @throws ExchangeError, OriginMismatchError
   */
  async *fill(
    kind: FetchKind,
    symbol: string,
    gaps: readonly TimeRange[],
    signal: AbortSignal,
  ): AsyncGenerator<FetchedPage> {
    let unresolved: TimeRange[] = [];
    for (const gap of gaps) {
      for (let { start } = gap; start < gap.end;) {
        await this.pace.step(signal);
        if (signal.aborted) return;
        const page = await this.fetcher.fetch(kind, symbol, firstPage({ start, end: gap.end }), signal);
        if (page.rows > 0 && unresolved.length > 0) {
          await this.fetcher.resolve(symbol, unresolved, signal);
          unresolved = [];
        }
        unresolved.push(...page.unresolved);
        start = page.range.end;
        yield page;
      }
    }
    await this.fetcher.resolve(symbol, unresolved, signal);
  }
}
