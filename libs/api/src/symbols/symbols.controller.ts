import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  Clock,
  compareCodePoints,
  formatDate,
  formatEventTime,
  SymbolListQuery,
  SymbolPageDto,
  type SymbolItem,
  type SymbolSummary,
} from '@app/domain';
import { listQuestion } from '../lists/list-question';
import { ListResponder } from '../lists/list-responder';
import { DATE, DECIMAL, TEXT, TIME, orNull, type ListField, type ListFields } from '../lists/list-fields';
import { AnswersList } from '../open-api/answers.decorator';
import { pageExample, SYMBOL_EXAMPLE } from '../open-api/examples';
import { cursorScope } from '../paging/cursor';
import { scopeOf, SymbolSelection } from './symbol-selection';
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

const FIELDS: ListFields & Record<keyof SymbolItem, ListField> = {
  symbol: TEXT,
  base_asset: orNull(TEXT),
  quote_asset: orNull(TEXT),
  status: TEXT,
  first_date: orNull(DATE),
  last_date: orNull(DATE),
  last_event_utc: orNull(TIME),
  coverage_pct: DECIMAL,
  assets_since: orNull(TIME),
};

/** What is captured, and how complete it is. */
@ApiTags('market data')
@Controller('symbols')
export class SymbolsController {
  constructor(
    private readonly selection: SymbolSelection,
    private readonly summaries: SymbolSummaries,
    private readonly clock: Clock,
    private readonly lists: ListResponder,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'listSymbols',
    summary: 'Symbols with their span of data, by code points.',
    description:
      'Every symbol that is captured, or those asked for: its assets, first and last date with data, newest price event, and ' +
      '`coverage_pct` of the minutes since its first. `status` is what the exchange calls its state, `UNKNOWN` until it has told ' +
      'and `DELISTED` when it does not list the symbol any more; what was captured goes on being served.',
  })
  @AnswersList(SymbolPageDto, pageExample('/symbols', SYMBOL_EXAMPLE))
  async list(
    @Query() query: SymbolListQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const now = this.clock.now();
    const question = listQuestion(request, query, { now, defaultLimit: 500, fields: Object.keys(FIELDS) });
    const symbols = [...(await this.selection.resolve(query))].sort(compareCodePoints);
    const scope = cursorScope('/symbols', scopeOf(query, symbols), question.order);
    const read = async (behind: readonly string[], limit: number): Promise<SymbolSummary[]> => {
      const asked = behind.slice(0, limit);
      const found = new Map((await this.summaries.of(asked)).map((summary) => [summary.symbol, summary]));
      return asked.flatMap((symbol) => found.get(symbol) ?? []);
    };
    const backwards = [...symbols].reverse();
    await this.lists.send(request, reply, question, {
      scope,
      fields: FIELDS,
      keyOf: ({ symbol }) => ({ time: 0, symbol }),
      toItem,
      // The symbol of the key may be one that is not served any more.
      forwards: (limit, after) =>
        read(after ? symbols.filter((symbol) => compareCodePoints(symbol, after.symbol) > 0) : symbols, limit),
      backwards: (limit, behind) =>
        read(behind ? backwards.filter((symbol) => compareCodePoints(symbol, behind.symbol) < 0) : backwards, limit),
      most: () => symbols.length,
    });
  }
}
