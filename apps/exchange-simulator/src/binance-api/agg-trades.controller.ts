import { Controller, Get, Headers, Inject, NotFoundException, Query } from '@nestjs/common';
import { MarketClock } from '../clock/market-clock';
import { Market, type AggTrade } from '../market/market';
import type { SimulatorOptions } from '../options';
import { SIMULATOR_OPTIONS } from '../simulator-options.token';
import { refusals } from './binance-error';
import { QueryParameters, type RawQuery } from './query-parameters';
import { inUnit, timeUnitOf, type TimeUnit } from './time-unit';

/** An aggregate trade as the exchange sends it; the last key has no meaning any more. */
interface AggTradeRow {
  readonly a: number;
  readonly p: string;
  readonly q: string;
  readonly f: number;
  readonly l: number;
  readonly T: number;
  readonly m: boolean;
  readonly M: boolean;
}

/** `GET /api/v3/aggTrades`: by id, or by time, but not by both. */
@Controller('api/v3')
export class AggTradesController {
  constructor(
    private readonly market: Market,
    private readonly clock: MarketClock,
    @Inject(SIMULATOR_OPTIONS) private readonly options: SimulatorOptions,
  ) {}

  @Get('aggTrades')
  aggTrades(@Query() query: RawQuery, @Headers('x-mbx-time-unit') timeUnit?: string): AggTradeRow[] {
    const unit = timeUnitOf(timeUnit);
    const parameters = new QueryParameters(query, ['symbol', 'fromId', 'startTime', 'endTime', 'limit']);
    const symbol = parameters.mandatorySymbol();
    const fromId = parameters.integer('fromId');
    const start = parameters.time('startTime');
    const end = parameters.time('endTime');
    const limit = parameters.limit(this.options.overLimit);
    if (fromId !== undefined && (start !== undefined || end !== undefined)) {
      throw refusals.invalidCombination();
    }
    const now = this.clock.now();
    if (this.market.find(symbol, now) === undefined) {
      throw refusals.invalidSymbol();
    }
    const trades = this.market.aggTrades({ symbol, fromId, start, end, limit }, now);
    if (trades === undefined) {
      throw new NotFoundException();
    }
    return trades.map((trade) => aggTradeRow(trade, unit));
  }
}

function aggTradeRow(trade: AggTrade, unit: TimeUnit): AggTradeRow {
  return {
    a: trade.id,
    p: trade.price,
    q: trade.quantity,
    f: trade.firstTradeId,
    l: trade.lastTradeId,
    T: inUnit(trade.time, unit),
    m: trade.buyerIsMaker,
    M: true,
  };
}
