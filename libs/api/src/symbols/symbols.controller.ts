import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  compareCodePoints,
  formatDate,
  formatEventTime,
  SymbolListQuery,
  SymbolPageDto,
  type Page,
  type SymbolItem,
  type SymbolSummary,
} from '@app/domain';
import { AnswersJson } from '../open-api/answers.decorator';
import { pageExample, SYMBOL_EXAMPLE } from '../open-api/examples';
import { cursorScope, decodeCursor } from '../paging/cursor';
import { answerPage } from '../paging/page';
import { SymbolSelection } from './symbol-selection';
import { SymbolSummaries } from './symbol-summaries';

const toItem = (summary: SymbolSummary): SymbolItem => ({
  symbol: summary.symbol,
  base_asset: summary.baseAsset,
  quote_asset: summary.quoteAsset,
  status: summary.status,
  first_date: summary.firstDate === null ? null : formatDate(summary.firstDate),
  last_date: summary.lastDate === null ? null : formatDate(summary.lastDate),
  last_event_utc: summary.lastEvent === null ? null : formatEventTime(summary.lastEvent),
  coverage_pct: summary.coveragePercent,
  assets_since: summary.assetsSince === null ? null : formatEventTime(summary.assetsSince),
});

/** What is captured, and how complete it is. */
@ApiTags('market data')
@Controller('symbols')
export class SymbolsController {
  constructor(
    private readonly selection: SymbolSelection,
    private readonly summaries: SymbolSummaries,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'listSymbols', summary: 'Symbols with their span of data, by code points.' })
  @AnswersJson(SymbolPageDto, pageExample('/symbols', SYMBOL_EXAMPLE))
  async list(
    @Query() query: SymbolListQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Page<SymbolItem>> {
    const symbols = [...(await this.selection.resolve(query))].sort(compareCodePoints);
    const scope = cursorScope('/symbols', symbols);
    const after = decodeCursor(scope, query.cursor);
    const page = symbols.filter((symbol) => after === undefined || compareCodePoints(symbol, after.symbol) > 0);
    return answerPage(request, reply, {
      read: (count) => this.summaries.of(page.slice(0, count)),
      limit: query.limit,
      scope,
      keyOf: ({ symbol }) => ({ time: 0, symbol }),
      toItem,
    });
  }
}
