import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CandlePageDto, CandleReader, CandlesQuery, Clock, type CandleItem, type Page } from '@app/domain';
import { AnswersJson } from '../open-api/answers.decorator';
import { CANDLE_EXAMPLE, pageExample } from '../open-api/examples';
import { cursorScope, decodeCursor } from '../paging/cursor';
import { answerPage } from '../paging/page';
import { checkedRange } from '../paging/time-range';
import { SymbolSelection } from '../symbols/symbol-selection';
import { toCandleItem } from './candle-item';

/** Candles of minutes, and of hours and days that are their exact roll-up. */
@ApiTags('market data')
@Controller('candles')
export class CandlesController {
  constructor(
    private readonly selection: SymbolSelection,
    private readonly candles: CandleReader,
    private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'listCandles', summary: 'Candles by open time, ascending.' })
  @AnswersJson(CandlePageDto, pageExample('/candles', CANDLE_EXAMPLE))
  async list(
    @Query() query: CandlesQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Page<CandleItem>> {
    const { interval, limit, start, end } = query;
    const range = checkedRange(start, end);
    const symbols = await this.selection.resolve(query);
    const scope = cursorScope('/candles', symbols, interval, start, end);
    const after = decodeCursor(scope, query.cursor);
    const rows = await this.candles.range(symbols, interval, range, limit + 1, after);
    const now = this.clock.now();
    return answerPage(request, reply, {
      rows,
      limit,
      scope,
      keyOf: ({ openTime, symbol }) => ({ time: openTime, symbol }),
      toItem: (candle) => toCandleItem(candle, interval, now),
    });
  }
}
