import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  CoveragePageDto,
  CoverageReader,
  formatBucketTime,
  HistoryQuery,
  type CoverageItem,
  type Page,
  type SymbolCoverage,
} from '@app/domain';
import { AnswersJson } from '../open-api/answers.decorator';
import { COVERAGE_EXAMPLE, pageExample } from '../open-api/examples';
import { cursorScope, decodeCursor } from '../paging/cursor';
import { answerPage } from '../paging/page';
import { checkedRange } from '../paging/time-range';
import { SymbolSelection } from '../symbols/symbol-selection';

const toItem = ({ symbol, start, end, state, repaired }: SymbolCoverage): CoverageItem => ({
  symbol,
  start: formatBucketTime(start),
  end: formatBucketTime(end),
  state,
  repaired,
});

/** The ledger: what became of every minute. */
@ApiTags('market data')
@Controller('coverage')
export class CoverageController {
  constructor(
    private readonly selection: SymbolSelection,
    private readonly coverage: CoverageReader,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'listCoverage',
    summary: 'Every minute accounted for: captured, quiet, stopped by the exchange, or missing.',
  })
  @AnswersJson(CoveragePageDto, pageExample('/coverage', COVERAGE_EXAMPLE))
  async list(
    @Query() query: HistoryQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Page<CoverageItem>> {
    const { limit, start, end } = query;
    const range = checkedRange(start, end);
    const symbols = await this.selection.resolve(query);
    const scope = cursorScope('/coverage', symbols, start, end);
    const after = decodeCursor(scope, query.cursor);
    return answerPage(request, reply, {
      read: (rows) => this.coverage.ranges(symbols, range, rows, after),
      limit,
      scope,
      keyOf: (row) => ({ time: row.start, symbol: row.symbol }),
      toItem,
    });
  }
}
