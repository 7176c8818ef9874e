import { ApiProperty } from '@nestjs/swagger';
import { BI_TABLES, type BiColumn, type CandleV1, type PriceEventV1 } from '../contracts';
import { CANDLE_INTERVALS, MINUTE_STATES, type MinuteState } from '../model';
import { CURSOR_EXAMPLE } from './parameters';

const METRICS = BI_TABLES.daily_metrics.fields;

const decimal = (description: string, example: string): PropertyDecorator =>
  ApiProperty({ type: 'string', description, example });

/** Item of `/trades/*`: a price event as its contract says. */
export class PriceEventDto implements PriceEventV1 {
  @ApiProperty({ description: 'Moment of capture, UTC.', example: '2026-01-15T14:03:22.913852+00:00' })
  readonly timestamp_utc!: string;

  @ApiProperty({ example: 'BTCUSDT' })
  readonly symbol!: string;

  @decimal('Last price in the quote asset, as the exchange wrote it.', '68001.20')
  readonly lastPrice!: string;

  @decimal('Change over the rolling 24 hours in percent.', '1.87')
  readonly priceChangePercent!: string;

  @decimal('Base-asset volume of the rolling 24 hours; never to be summed.', '24567.123')
  readonly volume!: string;

  @ApiProperty({ example: 'binance_api_v3_ticker_24hr' })
  readonly source!: string;
}

/** Item of `/candles`: a candle as its contract says, with its revision and how whole it is. */
export class CandleDto implements CandleV1 {
  @ApiProperty({ example: 'BTCUSDT' })
  readonly symbol!: string;

  @ApiProperty({ enum: CANDLE_INTERVALS, example: '1h' })
  readonly interval!: string;

  @ApiProperty({ example: '2026-01-15T14:00:00.000Z' })
  readonly open_time!: string;

  @ApiProperty({ example: '2026-01-15T14:59:59.999Z' })
  readonly close_time!: string;

  @decimal('First traded price.', '67900.10')
  readonly open!: string;

  @decimal('Highest traded price.', '68020.00')
  readonly high!: string;

  @decimal('Lowest traded price.', '67850.55')
  readonly low!: string;

  @decimal('Last traded price.', '68001.20')
  readonly close!: string;

  @decimal('Volume in the base asset.', '812.4401')
  readonly volume!: string;

  @decimal('Volume in the quote asset.', '55214321.8732')
  readonly quote_volume!: string;

  @ApiProperty({ type: 'integer', description: 'Raw trades; 0 means a quiet bucket.', example: 91234 })
  readonly trade_count!: number;

  @decimal('Base-asset volume bought by takers.', '401.2201')
  readonly taker_buy_volume!: string;

  @decimal('Quote-asset volume bought by takers.', '27264110.1201')
  readonly taker_buy_quote_volume!: string;

  @ApiProperty({
    description:
      'Whether its time has ended (as of `as_of`, where that is given), and no more: `is_final` says whether all of its ' +
      'minutes are in it.',
    example: true,
  })
  readonly is_closed!: boolean;

  @ApiProperty({
    description: 'Where a minute came from; `rollup_1m` for all others, which are made of minutes.',
    example: 'rollup_1m',
  })
  readonly source!: string;

  @ApiProperty({ description: 'When its newest minute was received.', example: '2026-01-15T15:00:03.120441+00:00' })
  readonly captured_at!: string;

  @ApiProperty({
    type: 'integer',
    description:
      '1, and one more for each change of one of its minutes after the fact: other numbers, or a minute that came after ' +
      'the exchange had been found not to have it. Two answers of a candle that is final never carry different numbers ' +
      'under one revision.',
    example: 1,
  })
  readonly revision!: number;

  @ApiProperty({
    description:
      "Whether its time has ended and none of its minutes is missing. Only then are the numbers the exchange's own.",
    example: true,
  })
  readonly is_final!: boolean;

  @ApiProperty({
    type: 'integer',
    description:
      "Minutes of its time that have ended (from the symbol's first on the exchange on) and are neither stored nor known " +
      'not to exist on the exchange; also those before the history here begins.',
    example: 0,
  })
  readonly missing_minutes!: number;
}

const optionalDecimal = (description: string, example: string): PropertyDecorator =>
  ApiProperty({ type: 'string', nullable: true, description, example });

/** Item of `/daily-metrics`: the columns of `/bi/daily_metrics.csv`; null where a cell is empty there. */
export class DailyMetricsDto implements Record<BiColumn<'daily_metrics'>, string | number | null> {
  @ApiProperty({ example: '2026-01-14' })
  readonly date!: string;

  @ApiProperty({ example: 'BTCUSDT' })
  readonly symbol!: string;

  @decimal(METRICS.close.description, METRICS.close.example)
  readonly close!: string;

  @optionalDecimal(METRICS.log_return.description, METRICS.log_return.example)
  readonly log_return!: string | null;

  @optionalDecimal(METRICS.vwap.description, METRICS.vwap.example)
  readonly vwap!: string | null;

  @optionalDecimal(METRICS.true_range.description, METRICS.true_range.example)
  readonly true_range!: string | null;

  @optionalDecimal(METRICS.vol_close_7d.description, METRICS.vol_close_7d.example)
  readonly vol_close_7d!: string | null;

  @optionalDecimal(METRICS.vol_close_30d.description, METRICS.vol_close_30d.example)
  readonly vol_close_30d!: string | null;

  @optionalDecimal(METRICS.vol_parkinson_30d.description, METRICS.vol_parkinson_30d.example)
  readonly vol_parkinson_30d!: string | null;

  @optionalDecimal(METRICS.vol_garman_klass_30d.description, METRICS.vol_garman_klass_30d.example)
  readonly vol_garman_klass_30d!: string | null;

  @optionalDecimal(METRICS.vol_yang_zhang_30d.description, METRICS.vol_yang_zhang_30d.example)
  readonly vol_yang_zhang_30d!: string | null;

  @optionalDecimal(METRICS.max_drawdown_30d.description, METRICS.max_drawdown_30d.example)
  readonly max_drawdown_30d!: string | null;

  @ApiProperty({ type: 'integer', description: METRICS.observations.description, example: 30 })
  readonly observations!: number;

  @decimal(METRICS.coverage_pct.description, METRICS.coverage_pct.example)
  readonly coverage_pct!: string;
}

/** Item of `/coverage`: consecutive minutes of one state. */
export class CoverageDto {
  @ApiProperty({ example: 'BTCUSDT' })
  readonly symbol!: string;

  @ApiProperty({ description: 'First minute.', example: '2026-01-15T14:00:00Z' })
  readonly start!: string;

  @ApiProperty({ description: 'End (not in it).', example: '2026-01-15T17:30:00Z' })
  readonly end!: string;

  @ApiProperty({ enum: MINUTE_STATES, example: 'captured' })
  readonly state!: MinuteState;

  @ApiProperty({ description: 'Whether the minutes came in late, after downtime.', example: false })
  readonly repaired!: boolean;

  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'Why the minutes are missing; null for those that are not. Another reason begins another item.',
    example: null,
  })
  readonly reason!: string | null;
}

/** Item of `/symbols`: the columns of `/bi/symbols.csv`, and since when its assets are what they are. */
export class SymbolDto {
  @ApiProperty({ example: 'BTCUSDT' })
  readonly symbol!: string;

  @ApiProperty({ type: 'string', nullable: true, example: 'BTC' })
  readonly base_asset!: string | null;

  @ApiProperty({ type: 'string', nullable: true, example: 'USDT' })
  readonly quote_asset!: string | null;

  @ApiProperty({
    description: 'What the exchange calls it; UNKNOWN until it has told, DELISTED when it does not list it any more.',
    example: 'TRADING',
  })
  readonly status!: string;

  @ApiProperty({ type: 'string', nullable: true, description: 'First UTC date with data.', example: '2025-10-17' })
  readonly first_date!: string | null;

  @ApiProperty({ type: 'string', nullable: true, description: 'Last UTC date with data.', example: '2026-01-15' })
  readonly last_date!: string | null;

  @ApiProperty({ type: 'string', nullable: true, example: '2026-01-15T14:03:22.913852+00:00' })
  readonly last_event_utc!: string | null;

  @ApiProperty({ description: 'Share of minutes accounted for, in percent.', example: '100.00' })
  readonly coverage_pct!: string;

  @ApiProperty({
    type: 'string',
    nullable: true,
    description:
      'Since when `base_asset` and `quote_asset` are what they are: when the exchange was first found to say so. Older ' +
      'rows of the symbol are of another pair that had its name. Null while it has never been found to say anything else.',
    example: '2026-01-10T08:00:40.204113+00:00',
  })
  readonly assets_since!: string | null;
}

/** What every page has beside its items. */
export class PageDto {
  @ApiProperty({ type: 'string', nullable: true, description: 'Null on the last page.', example: CURSOR_EXAMPLE })
  readonly next_cursor!: string | null;

  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'Path and query of the next page, as clients reach it; null on the last.',
    example: `/trades/latest?symbol=BTCUSDT&limit=1&cursor=${CURSOR_EXAMPLE}`,
  })
  readonly next_url!: string | null;
}

export class PriceEventPageDto extends PageDto {
  @ApiProperty({ type: [PriceEventDto] })
  readonly data!: PriceEventDto[];
}

export class CandlePageDto extends PageDto {
  @ApiProperty({ type: [CandleDto] })
  readonly data!: CandleDto[];
}

export class CoveragePageDto extends PageDto {
  @ApiProperty({ type: [CoverageDto] })
  readonly data!: CoverageDto[];
}

export class DailyMetricsPageDto extends PageDto {
  @ApiProperty({ type: [DailyMetricsDto] })
  readonly data!: DailyMetricsDto[];
}

export class SymbolPageDto extends PageDto {
  @ApiProperty({ type: [SymbolDto] })
  readonly data!: SymbolDto[];
}
