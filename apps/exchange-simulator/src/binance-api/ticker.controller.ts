import { Controller, Get, Headers, Query } from '@nestjs/common';
import { MarketClock } from '../clock/market-clock';
import { BrokenRows } from '../faults/broken-rows';
import { Market } from '../market/market';
import { refusals } from './binance-error';
import { QueryParameters, type RawQuery } from './query-parameters';
import { tickerRow, type TickerType } from './ticker-row';
import { timeUnitOf } from './time-unit';

/** `GET /api/v3/ticker/24hr`, alone in its controller because it can be the only route there is. */
@Controller('api/v3/ticker')
export class TickerController {
  constructor(
    private readonly market: Market,
    private readonly clock: MarketClock,
    private readonly broken: BrokenRows,
  ) {}

  @Get('24hr')
  ticker(@Query() query: RawQuery, @Headers('x-mbx-time-unit') timeUnit?: string): unknown {
    const unit = timeUnitOf(timeUnit);
    const parameters = new QueryParameters(query, ['symbol', 'symbols', 'type', 'symbolStatus']);
    const symbol = parameters.symbol();
    const symbols = parameters.symbols();
    if (symbol !== undefined && symbols !== undefined) {
      throw refusals.invalidCombination();
    }
    const type = tickerType(parameters.text('type'));
    const status = parameters.symbolStatus();
    const now = this.clock.now();

    if (symbol !== undefined) {
      const ticker = this.market.find(symbol, now) && this.market.ticker(symbol, now);
      if (ticker === undefined) {
        throw refusals.invalidSymbol();
      }
      if (status !== undefined && this.market.status(symbol, now) !== status) {
        throw refusals.symbolStatusMismatch();
      }
      const [row = {}] = this.broken.ticker(tickerRow(ticker, type, unit));
      return row;
    }
    if (symbols?.some((name) => this.market.find(name, now) === undefined) === true) {
      throw refusals.invalidSymbol();
    }
    const wanted = symbols === undefined ? undefined : new Set(symbols);
    return this.market
      .instruments(now, wanted)
      .map((instrument) => instrument.symbol)
      .filter((name) => status === undefined || this.market.status(name, now) === status)
      .flatMap((name) => this.market.ticker(name, now) ?? [])
      .flatMap((ticker) => this.broken.ticker(tickerRow(ticker, type, unit)));
  }
}

function tickerType(text: string | undefined): TickerType {
  if (text === undefined || text === 'FULL') {
    return 'FULL';
  }
  if (text === 'MINI') {
    return 'MINI';
  }
  throw refusals.invalidTickerType();
}
