import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  compareCodePoints,
  coveragePercent,
  formatDate,
  formatEventTime,
  SymbolListQuery,
  SymbolPageDto,
  SymbolReader,
  type Page,
  type SymbolItem,
  type SymbolSummary,
} from '@app/domain';
import { AnswersJson } from '../open-api/answers.decorator';
import { pageExample, SYMBOL_EXAMPLE } from '../open-api/examples';
import { cursorScope, decodeCursor } from '../paging/cursor';
import { answerPage } from '../paging/page';
import { SymbolSelection } from './symbol-selection';

/** A symbol that is configured and of which nothing is stored yet. */
const unknownYet = (symbol: string): SymbolSummary => ({
  symbol,
  baseAsset: null,
  quoteAsset: null,
  status: 'UNKNOWN',
  firstDate: null,
  lastDate: null,
  lastEvent: null,
  coveragePercent: coveragePercent(0, 0),
});

const toItem = (summary: SymbolSummary): SymbolItem => ({
  symbol: summary.symbol,
  base_asset: summary.baseAsset,
  quote_asset: summary.quoteAsset,
  status: summary.status,
  first_date: summary.firstDate === null ? null : formatDate(summary.firstDate),
  last_date: summary.lastDate === null ? null : formatDate(summary.lastDate),
  last_event_utc: summary.lastEvent === null ? null : formatEventTime(summary.lastEvent),
  coverage_pct: summary.coveragePercent,
});

/** What is captured, and how complete it is. */
@ApiTags('market data')
@Controller('symbols')
export class SymbolsController {
  constructor(
    private readonly selection: SymbolSelection,
    private readonly reader: SymbolReader,
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
    const page = symbols
      .filter((symbol) => after === undefined || compareCodePoints(symbol, after.symbol) > 0)
      .slice(0, query.limit + 1);
    const stored = new Map((await this.reader.summaries(page)).map((summary) => [summary.symbol, summary]));
    return answerPage(request, reply, {
      rows: page.map((symbol) => stored.get(symbol) ?? unknownYet(symbol)),
      limit: query.limit,
      scope,
      keyOf: ({ symbol }) => ({ time: 0, symbol }),
      toItem,
    });
  }
}
