import type { CandleInterval, EpochMicros } from '../model';
import { IgnoreUnknownParameters } from './ignore-unknown-parameters.decorator';
import {
  CursorParameter,
  DateParameter,
  EventIdParameter,
  IntervalParameter,
  MAX_LIMIT,
  MinuteIntervalParameter,
  SymbolsParameter,
  TimeParameter,
  WholeNumberParameter,
} from './parameters';

/** Longest window of the daily tables, in UTC dates. */
export const MAX_DAYS = 3_650;
export const DEFAULT_DAYS = 90;

const LIMIT = 'Most items on the page.';

/** Which symbols a request is about: the union of both names, or all configured symbols. */
export class SymbolsQuery {
  @SymbolsParameter({
    description: 'Symbol to serve. Together with `symbols` the union; none of both means all configured symbols.',
    example: 'BTCUSDT',
  })
  readonly symbol?: readonly string[];

  @SymbolsParameter({
    description: 'Symbols to serve, separated by commas; the name may be repeated.',
    example: 'BTCUSDT,ETHUSDT',
  })
  readonly symbols?: readonly string[];
}

export class SymbolListQuery extends SymbolsQuery {
  @WholeNumberParameter(1, MAX_LIMIT, { description: LIMIT, default: 500, example: 500 })
  readonly limit: number = 500;

  @CursorParameter()
  readonly cursor?: string;
}

export class LatestTradesQuery extends SymbolsQuery {
  @WholeNumberParameter(1, MAX_LIMIT, { description: LIMIT, default: 200, example: 200 })
  readonly limit: number = 200;

  @CursorParameter()
  readonly cursor?: string;
}

export class TradeRangeQuery extends SymbolListQuery {
  @TimeParameter({
    description: 'First instant of the range (in it). ISO 8601, a date, or 13-digit epoch milliseconds.',
    example: '2026-01-15T14:00:00Z',
    required: true,
  })
  readonly start!: EpochMicros;

  @TimeParameter({
    description: 'End of the range (not in it). ISO 8601, a date, or 13-digit epoch milliseconds.',
    example: '2026-01-15T15:00:00Z',
    required: true,
  })
  readonly end!: EpochMicros;
}

/** A range of history whose bounds may be left out. */
export class HistoryQuery extends SymbolListQuery {
  @TimeParameter({
    description: 'First instant of the range (in it); by default the beginning of what is stored.',
    example: '2026-01-15',
  })
  readonly start?: EpochMicros;

  @TimeParameter({
    description: 'End of the range (not in it); by default the end of what is stored.',
    example: '2026-01-16',
  })
  readonly end?: EpochMicros;
}

/** Candles that open in a range, each whole. */
export class CandlesQuery extends HistoryQuery {
  @IntervalParameter()
  readonly interval: CandleInterval = '1m';

  @TimeParameter({
    description:
      'Candles as they were known at this time, made of what had been captured by then; by default as they are known ' +
      'now, which a time to come means too.',
    example: '2026-01-15T15:00:00Z',
  })
  readonly as_of?: EpochMicros;
}

/** A stream of price events. */
export class PriceStreamQuery extends SymbolsQuery {
  @EventIdParameter()
  readonly last_event_id?: string;

  @TimeParameter({
    description: 'Begins with what was stored here from this time on (not: what happened from then on).',
    example: '2026-01-15T14:00:00Z',
  })
  readonly start?: EpochMicros;
}

/** A stream of closed minutes. */
export class CandleStreamQuery extends PriceStreamQuery {
  @MinuteIntervalParameter()
  readonly interval?: '1m';
}

/** Newest prices as CSV. */
@IgnoreUnknownParameters()
export class LatestPricesQuery extends SymbolsQuery {}

/** Symbols as CSV. */
@IgnoreUnknownParameters()
export class SymbolsTableQuery extends SymbolsQuery {}

/** A window of UTC dates as CSV: `days`, or `start` and `end`. */
@IgnoreUnknownParameters()
export class DailyTableQuery extends SymbolsQuery {
  @WholeNumberParameter(1, MAX_DAYS, {
    description: 'The last so many UTC dates, today included. Not together with `start` or `end`.',
    default: DEFAULT_DAYS,
    example: 30,
  })
  readonly days?: number;

  @DateParameter({
    description: 'First UTC date (in it); by default 90 days before `end`.',
    example: '2026-01-01',
  })
  readonly start?: EpochMicros;

  @DateParameter({
    description: 'End date (not in it); by default tomorrow, so that today is in it.',
    example: '2026-02-01',
  })
  readonly end?: EpochMicros;
}
