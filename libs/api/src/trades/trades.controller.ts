import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  LatestTradesQuery,
  PriceEventPageDto,
  PriceEventReader,
  toPriceEventV1,
  TradeRangeQuery,
  type Page,
  type PriceEvent,
  type PriceEventItem,
  type PriceEventKey,
} from '@app/domain';
import { AnswersJson } from '../open-api/answers.decorator';
import { pageExample, PRICE_EVENT_EXAMPLE } from '../open-api/examples';
import { cursorScope, decodeEventCursor } from '../paging/cursor';
import { answerPage } from '../paging/page';
import { checkedRange } from '../paging/time-range';
import { SymbolSelection } from '../symbols/symbol-selection';

const keyOf = ({ timestamp, symbol, source }: PriceEvent): PriceEventKey => ({ time: timestamp, symbol, source });

/** Captured price events. */
@ApiTags('market data')
@Controller('trades')
export class TradesController {
  constructor(
    private readonly selection: SymbolSelection,
    private readonly events: PriceEventReader,
  ) {}

  @Get('latest')
  @ApiOperation({ operationId: 'listLatestTrades', summary: 'Price events, newest first.' })
  @AnswersJson(PriceEventPageDto, pageExample('/trades/latest', PRICE_EVENT_EXAMPLE))
  async latest(
    @Query() query: LatestTradesQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Page<PriceEventItem>> {
    const symbols = await this.selection.resolve(query);
    const { limit } = query;
    const scope = cursorScope('/trades/latest', symbols);
    const after = decodeEventCursor(scope, query.cursor);
    const read = (rows: number): Promise<PriceEvent[]> => this.events.latest(symbols, rows, after);
    return answerPage(request, reply, { read, limit, scope, keyOf, toItem: toPriceEventV1 });
  }

  @Get('range')
  @ApiOperation({ operationId: 'listTradesInRange', summary: 'Price events of a half-open range of time, ascending.' })
  @AnswersJson(PriceEventPageDto, pageExample('/trades/range', PRICE_EVENT_EXAMPLE))
  async range(
    @Query() query: TradeRangeQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Page<PriceEventItem>> {
    const { start, end, limit } = query;
    checkedRange(start, end);
    const symbols = await this.selection.resolve(query);
    const scope = cursorScope('/trades/range', symbols, start, end);
    const after = decodeEventCursor(scope, query.cursor);
    const read = (rows: number): Promise<PriceEvent[]> => this.events.range(symbols, { start, end }, rows, after);
    return answerPage(request, reply, { read, limit, scope, keyOf, toItem: toPriceEventV1 });
  }
}
