import { Injectable } from '@nestjs/common';
import {
  CANDLE_PAGE_LIMIT,
  DAY,
  Exchange,
  floorTo,
  HistoryStore,
  MINUTE,
  type DayCandle,
  type EpochMicros,
} from '@app/domain';

/** Brings a day from the exchange once more. */
@Injectable()
export class DayRefetch {
  constructor(
    private readonly exchange: Exchange,
    private readonly history: HistoryStore,
  ) {}

  /**
   * Fetches the minutes of a closed day into the store, where changed ones become revisions, and then the exchange's own
   * candle of it; undefined when it has none. @throws ExchangeError, OriginMismatchError
   */
  async run(symbol: string, date: EpochMicros, signal: AbortSignal): Promise<DayCandle | undefined> {
    const end = date + DAY;
    for (let start = date; start < end;) {
      const { data, origin, receivedAt } = await this.exchange.minuteCandles(symbol, { start, end }, signal);
      const last = data.at(-1);
      const next = last && data.length === CANDLE_PAGE_LIMIT ? floorTo(last.openTime, MINUTE) + MINUTE : end;
      if (data.length > 0) {
        const range = { start, end: next };
        const fetched = { kind: 'repair', origin, symbol, range, candles: data, fetchedAt: receivedAt } as const;
        await this.history.saveFetched(fetched);
      }
      start = next;
    }
    const { data } = await this.exchange.dayCandles(symbol, { start: date, end }, signal);
    return data[0];
  }
}
