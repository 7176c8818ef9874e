import { Controller, Get, Headers, Inject, Query } from '@nestjs/common';
import { MarketClock } from '../clock/market-clock';
import { BrokenRows } from '../faults/broken-rows';
import { Market, type Instrument } from '../market/market';
import { SIMULATOR_OPTIONS } from '../simulator-options.token';
import type { SimulatorOptions } from '../options';
import { refusals } from './binance-error';
import { rateLimitsOf, symbolInfo } from './exchange-info';
import { klineRow } from './kline-row';
import { QueryParameters, type RawQuery } from './query-parameters';
import { RateLimiter } from './rate-limiter';
import { inUnit, timeUnitOf } from './time-unit';

const KLINE_PARAMETERS = ['symbol', 'interval', 'startTime', 'endTime', 'timeZone', 'limit'];
/** Times out of range are adjusted, not refused: from 2017-01-01 to ten seconds from now. */
const EARLIEST_TIME = Date.UTC(2017, 0, 1);
const LATEST_AHEAD = 10_000;

/** The exchange's public routes beside the 24-hour ticker. */
@Controller('api/v3')
export class MarketDataController {
  constructor(
    private readonly market: Market,
    private readonly clock: MarketClock,
    private readonly limiter: RateLimiter,
    private readonly broken: BrokenRows,
    @Inject(SIMULATOR_OPTIONS) private readonly options: SimulatorOptions,
  ) {}

  @Get('ping')
  ping(@Query() query: RawQuery): Record<string, never> {
    new QueryParameters(query, []);
    return {};
  }

  @Get('time')
  time(@Query() query: RawQuery, @Headers('x-mbx-time-unit') timeUnit?: string): { serverTime: number } {
    const unit = timeUnitOf(timeUnit);
    new QueryParameters(query, []);
    return { serverTime: inUnit(this.clock.now(), unit) };
  }

  @Get('exchangeInfo')
  exchangeInfo(@Query() query: RawQuery, @Headers('x-mbx-time-unit') timeUnit?: string): Record<string, unknown> {
    const unit = timeUnitOf(timeUnit);
    const parameters = new QueryParameters(query, [
      'symbol',
      'symbols',
      'permissions',
      'showPermissionSets',
      'symbolStatus',
    ]);
    const now = this.clock.now();
    const status = parameters.symbolStatus();
    const showPermissionSets = parameters.text('showPermissionSets') !== 'false';
    return {
      timezone: 'UTC',
      serverTime: inUnit(now, unit),
      rateLimits: rateLimitsOf(this.limiter.limits),
      exchangeFilters: [],
      symbols: this.selected(parameters, now)
        .map((instrument) => ({ instrument, status: this.market.status(instrument.symbol, now) }))
        .filter((entry) => status === undefined || entry.status === status)
        .map((entry) => symbolInfo(entry.instrument, entry.status, showPermissionSets)),
    };
  }

  @Get('klines')
  klines(@Query() query: RawQuery, @Headers('x-mbx-time-unit') timeUnit?: string): unknown[][] {
    const unit = timeUnitOf(timeUnit);
    const parameters = new QueryParameters(query, KLINE_PARAMETERS);
    const now = this.clock.now();
    const symbol = parameters.mandatorySymbol();
    const interval = parameters.interval();
    const offset = parameters.timeZone();
    const limit = parameters.limit(this.options.overLimit);
    const start = parameters.time('startTime');
    const end = parameters.time('endTime');
    if (this.market.find(symbol, now) === undefined) {
      throw refusals.invalidSymbol();
    }
    switch (this.market.refusal(interval, offset)) {
      case 'interval':
        throw refusals.invalidInterval();
      case 'timeZone':
        throw refusals.invalidData('timeZone');
      case undefined:
    }
    const adjusted = (time: number | undefined): number | undefined =>
      time === undefined ? undefined : Math.min(Math.max(time, EARLIEST_TIME), now + LATEST_AHEAD);
    return this.market
      .klines({ symbol, interval, offset, start: adjusted(start), end: adjusted(end), limit }, now)
      .flatMap((candle) =>
        this.broken.klines(candle, klineRow(candle, unit), { symbol, interval, place: 'rest', unit }),
      );
  }

  @Get('uiKlines')
  uiKlines(@Query() query: RawQuery, @Headers('x-mbx-time-unit') timeUnit?: string): unknown[][] {
    return this.klines(query, timeUnit);
  }

  private selected(parameters: QueryParameters, now: number): readonly Instrument[] {
    const symbol = parameters.symbol();
    const symbols = parameters.symbols();
    const single = symbol === undefined ? undefined : [symbol];
    const names = single ?? symbols;
    const filtered = parameters.text('symbolStatus') !== undefined || parameters.text('permissions') !== undefined;
    if ((single !== undefined && symbols !== undefined) || (names !== undefined && filtered)) {
      throw refusals.invalidCombination();
    }
    if (names === undefined) {
      return this.market.instruments(now);
    }
    return names.map((name) => {
      const instrument = this.market.find(name, now);
      if (instrument === undefined) {
        throw refusals.invalidSymbol();
      }
      return instrument;
    });
  }
}
