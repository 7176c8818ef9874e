import { Injectable } from '@nestjs/common';
import { CANDLE_PAGE_LIMIT, DAY, Exchange, floorTo, HistoryStore, MINUTE, type EpochMicros } from '@app/domain';

/** Brings the minutes of a day from the exchange once more. */
@Injectable()
export class DayRefetch {
  constructor(
    private readonly exchange: Exchange,
    private readonly history: HistoryStore,
  ) {}

  /** Fetches a closed day into the store, where changed minutes become revisions. @throws ExchangeError, OriginMismatchError */
  async run(symbol: string, date: EpochMicros, signal: AbortSignal): Promise<void> {
    const end = date + DAY;
    for (let start = date; start < end;) {
      const { data, origin, receivedAt } = await this.exchange.minuteCandles(symbol, { start, end }, signal);
      const last = data.at(-1);
      const next = last && data.length === CANDLE_PAGE_LIMIT ? floorTo(last.openTime, MINUTE) + MINUTE : end;
      if (data.length > 0) {
        const range = { start, end: next };
        const fetched = {
          kind: 'repair',
          origin,
          symbol,
          range,
          candles: data,
          leftOut: [],
          fetchedAt: receivedAt,
        } as const;
        await this.history.saveFetched(fetched);
      }
      start = next;
    }
  }
}
