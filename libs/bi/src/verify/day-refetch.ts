import { Injectable } from '@nestjs/common';
import { DAY, HistoryStore, type EpochMicros, type LeftOutMinutes } from '@app/domain';
import { MinuteFill, REST_ALONE } from '@app/fill';

/** Brings the minutes of a day from the exchange once more. */
@Injectable()
export class DayRefetch {
  constructor(
    private readonly fill: MinuteFill,
    private readonly history: HistoryStore,
  ) {}

  /**
   * Fetches a closed day into the store, where changed minutes become revisions; returns what was not accepted of it. Over
   * REST alone: the archive is a witness of its own, which days are compared with.
   * @throws ExchangeError, OriginMismatchError
   */
  async run(symbol: string, date: EpochMicros, signal: AbortSignal): Promise<LeftOutMinutes[]> {
    const leftOutOfDay: LeftOutMinutes[] = [];
    const wanted = { symbol, ranges: [{ start: date, end: date + DAY }], sources: REST_ALONE };
    for (const step of this.fill.plan(wanted)) {
      for await (const part of this.fill.take(step, { signal })) {
        if (part.kind !== 'page') continue;
        const { range, page } = part;
        const { data: candles, leftOut, origin, receivedAt: fetchedAt } = page;
        if (candles.length + leftOut.length > 0) {
          await this.history.saveFetched({ kind: 'repair', origin, symbol, range, candles, leftOut, fetchedAt });
        }
        leftOutOfDay.push(...leftOut);
      }
    }
    signal.throwIfAborted();
    return leftOutOfDay;
  }
}
