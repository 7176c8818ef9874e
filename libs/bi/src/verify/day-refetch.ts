import { Injectable } from '@nestjs/common';
import { DAY, Exchange, HistoryStore, type EpochMicros, type LeftOutMinutes } from '@app/domain';

/** Brings the minutes of a day from the exchange once more. */
@Injectable()
export class DayRefetch {
  constructor(
    private readonly exchange: Exchange,
    private readonly history: HistoryStore,
  ) {}

  /**
   * Fetches a closed day into the store, where changed minutes become revisions; returns what was not accepted of it.
   * @throws ExchangeError, OriginMismatchError
   */
  async run(symbol: string, date: EpochMicros, signal: AbortSignal): Promise<LeftOutMinutes[]> {
    const end = date + DAY;
    const leftOut: LeftOutMinutes[] = [];
    for (let start = date; start < end;) {
      const page = await this.exchange.minuteCandles(symbol, { start, end }, signal);
      const { data: candles, answered: range, origin, receivedAt: fetchedAt } = page;
      if (candles.length + page.leftOut.length > 0) {
        const fetched = { kind: 'repair', origin, symbol, range, candles, leftOut: page.leftOut, fetchedAt } as const;
        await this.history.saveFetched(fetched);
      }
      leftOut.push(...page.leftOut);
      start = range.end;
    }
    return leftOut;
  }
}
