import { Injectable } from '@nestjs/common';
import {
  CandleReader,
  formatBucketTime,
  formatEventTime,
  MINUTE,
  SECOND,
  SymbolReader,
  type EpochMicros,
  UNKNOWN_STATUS,
} from '@app/domain';

/** How far back the last minute is looked for. */
const MINUTES_LOOKED_AT = 10;
/** Rows read at once; more symbols than fit are looked at in groups. */
const SYMBOLS_AT_ONCE = 400;

export interface SymbolFreshness {
  readonly symbol: string;
  /** What the exchange calls its state; UNKNOWN until it has told. */
  readonly exchange_status: string;
  readonly last_event_utc: string | null;
  readonly last_event_age_seconds: number | null;
  /** Open time of the newest stored minute of the last ten; null when there is none among them. */
  readonly last_minute: string | null;
}

/** How old the newest data of each symbol is. */
@Injectable()
export class SymbolFreshnessReader {
  constructor(
    private readonly symbols: SymbolReader,
    private readonly candles: CandleReader,
  ) {}

  async read(symbols: readonly string[], now: EpochMicros): Promise<SymbolFreshness[]> {
    const summaries = new Map((await this.symbols.summaries(symbols)).map((summary) => [summary.symbol, summary]));
    const minutes = await this.lastMinutes(symbols, now);
    return symbols.map((symbol) => {
      const { status = UNKNOWN_STATUS, lastEvent: event = null } = summaries.get(symbol) ?? {};
      const minute = minutes.get(symbol);
      return {
        symbol,
        exchange_status: status,
        last_event_utc: event === null ? null : formatEventTime(event),
        last_event_age_seconds: event === null ? null : Math.max(0, Math.round((now - event) / SECOND)),
        last_minute: minute === undefined ? null : formatBucketTime(minute),
      };
    });
  }

  private async lastMinutes(symbols: readonly string[], now: EpochMicros): Promise<Map<string, EpochMicros>> {
    const result = new Map<string, EpochMicros>();
    for (let index = 0; index < symbols.length; index += SYMBOLS_AT_ONCE) {
      const group = symbols.slice(index, index + SYMBOLS_AT_ONCE);
      const limit = group.length * (MINUTES_LOOKED_AT + 1);
      const rows = await this.candles.range(group, '1m', { start: now - MINUTES_LOOKED_AT * MINUTE }, limit);
      for (const { symbol, openTime } of rows) result.set(symbol, openTime);
    }
    return result;
  }
}
