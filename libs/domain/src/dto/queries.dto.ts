import type { CandleInterval } from '../model';
import {
  ByteOrderMarkParameter,
  ColumnsParameter,
  DecimalMarkParameter,
  FormatParameter,
  OrderParameter,
  SeparatorParameter,
  TimeBoundParameter,
  type DecimalMark,
  type ListFormat,
  type ListOrder,
  type SeparatorName,
} from './list-parameters';
import {
  CursorParameter,
  EventIdParameter,
  IntervalParameter,
  MAX_LIMIT,
  MAX_TEXT_LIMIT,
  MinuteIntervalParameter,
  SymbolsParameter,
  WholeNumberParameter,
} from './parameters';
import type { TimeBound } from './time-bound';

/** How many rows a list may be asked for. */
const ROWS_ALLOWED = `one whole number from 1 to ${MAX_LIMIT}, or to ${MAX_TEXT_LIMIT} where the format is not json`;

const LIMIT =
  'Most rows of the answer: 500 unless given (200 on `latest`) and up to 5,000 in JSON; 1,000,000 in the other formats.';

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

/** How the rows of a list are picked and written. */
export class ListQuery extends SymbolsQuery {
  @WholeNumberParameter(1, MAX_TEXT_LIMIT, { description: LIMIT, example: 500 }, ROWS_ALLOWED)
  readonly limit?: number;

  @CursorParameter()
  readonly cursor?: string;

  @FormatParameter()
  readonly format?: ListFormat;

  @ColumnsParameter()
  readonly columns?: readonly string[];

  @SeparatorParameter()
  readonly sep?: SeparatorName;

  @DecimalMarkParameter()
  readonly decimal?: DecimalMark;

  @ByteOrderMarkParameter()
  readonly bom?: '0' | '1';
}

export class LatestTradesQuery extends ListQuery {}

export class SymbolListQuery extends ListQuery {
  @OrderParameter()
  readonly order?: ListOrder;
}

/** A range of history whose bounds may be left out. */
export class HistoryQuery extends SymbolListQuery {
  @WholeNumberParameter(
    1,
    MAX_TEXT_LIMIT,
    {
      description:
        'The newest so many rows in all, or the newest before `end`. Not together with `start`, `cursor` or `limit`.',
      example: 100,
    },
    ROWS_ALLOWED,
  )
  readonly last?: number;

  @TimeBoundParameter({
    description: 'First instant of the range (in it); by default the beginning of what is stored.',
    example: '2026-01-15',
  })
  readonly start?: TimeBound;

  @TimeBoundParameter({
    description: 'End of the range (not in it); by default the end of what is stored.',
    example: '2026-01-16',
  })
  readonly end?: TimeBound;
}

/** Price events of a range: both bounds, or `last`. */
export class TradeRangeQuery extends HistoryQuery {}

/** Candles that open in a range, each whole. */
export class CandlesQuery extends HistoryQuery {
  @IntervalParameter()
  readonly interval: CandleInterval = '1m';

  @TimeBoundParameter({
    description:
      'Candles as they were known at this time, made of what had been captured by then; by default as they are known ' +
      'now, which a time to come means too.',
    example: '2026-01-15T15:00:00Z',
  })
  readonly as_of?: TimeBound;
}

/** A stream of price events. */
export class PriceStreamQuery extends SymbolsQuery {
  @EventIdParameter()
  readonly last_event_id?: string;

  @TimeBoundParameter({
    description:
      'Begins with what was stored here from this time on (not: what happened from then on); a span back from now too.',
    example: '2026-01-15T14:00:00Z',
  })
  readonly start?: TimeBound;
}

/** A stream of closed minutes. */
export class CandleStreamQuery extends PriceStreamQuery {
  @MinuteIntervalParameter()
  readonly interval?: '1m';
}
