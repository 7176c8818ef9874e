import { IgnoreUnknownParameters } from './ignore-unknown-parameters.decorator';
import {
  ByteOrderMarkParameter,
  DecimalMarkParameter,
  SeparatorParameter,
  TimeBoundParameter,
  type DecimalMark,
  type SeparatorName,
} from './list-parameters';
import { WholeNumberParameter } from './parameters';
import { SymbolsQuery } from './queries.dto';
import { NeverWideParameter, TableColumnsParameter, WideParameter } from './table-parameters';
import type { TimeBound } from './time-bound';

/** Longest window of the daily tables, in UTC dates. */
export const MAX_DAYS = 3_650;
export const DEFAULT_DAYS = 90;

/** How a table is written. */
@IgnoreUnknownParameters()
export class TableQuery extends SymbolsQuery {
  @SeparatorParameter()
  readonly sep?: SeparatorName;

  @DecimalMarkParameter()
  readonly decimal?: DecimalMark;

  @ByteOrderMarkParameter()
  readonly bom?: '0' | '1';
}

/** Newest prices as CSV. */
export class LatestPricesQuery extends TableQuery {
  @TableColumnsParameter('latest_prices')
  readonly columns?: readonly string[];

  @NeverWideParameter('latest_prices')
  readonly wide?: never;
}

/** Symbols as CSV. */
export class SymbolsTableQuery extends TableQuery {
  @TableColumnsParameter('symbols')
  readonly columns?: readonly string[];

  @NeverWideParameter('symbols')
  readonly wide?: never;
}

/** A window of UTC dates or hours as CSV: `days`, or `start` and `end`. */
export class DailyTableQuery extends TableQuery {
  @WholeNumberParameter(1, MAX_DAYS, {
    // No `default` in the schema: generated clients would send it beside `start`, which is refused.
    description: `The last so many UTC dates, today included: ${DEFAULT_DAYS} unless given. Not together with \`start\` or \`end\`.`,
    example: 30,
  })
  readonly days?: number;

  @TimeBoundParameter({
    description:
      'First instant (in it): a date, or any time that lists take. Served are all dates, or hours, that the range ' +
      'touches. By default 90 dates before `end`.',
    example: '2026-01-01',
  })
  readonly start?: TimeBound;

  @TimeBoundParameter({
    description: 'End (not in it), in the same forms; by default tomorrow, so that today is in it.',
    example: '2026-02-01',
  })
  readonly end?: TimeBound;
}

export class DailyOhlcQuery extends DailyTableQuery {
  @TableColumnsParameter('daily_ohlc')
  readonly columns?: readonly string[];

  @WideParameter('daily_ohlc')
  readonly wide?: string;
}

export class DailyVolumeQuery extends DailyTableQuery {
  @TableColumnsParameter('daily_volume')
  readonly columns?: readonly string[];

  @WideParameter('daily_volume')
  readonly wide?: string;
}

export class HourlyOhlcvQuery extends DailyTableQuery {
  @TableColumnsParameter('hourly_ohlcv')
  readonly columns?: readonly string[];

  @WideParameter('hourly_ohlcv')
  readonly wide?: string;
}

export class DailyMetricsTableQuery extends DailyTableQuery {
  @TableColumnsParameter('daily_metrics')
  readonly columns?: readonly string[];

  @WideParameter('daily_metrics')
  readonly wide?: string;
}

export class DataQualityQuery extends DailyTableQuery {
  @TableColumnsParameter('data_quality')
  readonly columns?: readonly string[];

  @WideParameter('data_quality')
  readonly wide?: string;
}
