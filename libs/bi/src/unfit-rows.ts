import { Injectable } from '@nestjs/common';
import {
  CandleReader,
  formatBucketTime,
  formatEventTime,
  PriceEventReader,
  unfitNumberOf,
  unfitNumberOfEvent,
  type EpochMicros,
  type TimeRange,
  PAGE_ROWS,
} from '@app/domain';

const REMEDY =
  'rows beyond what is accepted are refused since; `cli rebuild --accept-losses` makes the database anew without them';

/** Finds the stored row because of which a number fits into no table. */
@Injectable()
export class UnfitRows {
  constructor(
    private readonly candles: CandleReader,
    private readonly events: PriceEventReader,
  ) {}

  /** Where it comes from, in words; empty where neither a minute nor a price event of the range is the cause. */
  async explain(symbol: string, range: TimeRange): Promise<string> {
    const found = (await this.minute(symbol, range)) ?? (await this.event(symbol, range));
    return found === undefined ? '' : `it comes from ${found}; ${REMEDY}`;
  }

  private async minute(symbol: string, range: TimeRange): Promise<string | undefined> {
    for (let after: { time: EpochMicros; symbol: string } | undefined; ;) {
      const page = await this.candles.range([symbol], '1m', range, PAGE_ROWS, after);
      for (const minute of page) {
        const number = unfitNumberOf(minute);
        if (number !== undefined) return `the minute ${formatBucketTime(minute.openTime)} of ${symbol}, ${number}`;
      }
      const last = page.at(-1);
      if (!last || page.length < PAGE_ROWS) return undefined;
      after = { time: last.openTime, symbol };
    }
  }

  private async event(symbol: string, range: TimeRange): Promise<string | undefined> {
    for (let after: Parameters<PriceEventReader['range']>[3]; ;) {
      const page = await this.events.range([symbol], range, PAGE_ROWS, after);
      for (const event of page) {
        const number = unfitNumberOfEvent(event);
        if (number !== undefined) return `the price of ${symbol} at ${formatEventTime(event.timestamp)}, ${number}`;
      }
      const last = page.at(-1);
      if (!last || page.length < PAGE_ROWS) return undefined;
      after = { time: last.timestamp, symbol, source: last.source };
    }
  }
}
