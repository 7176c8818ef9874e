import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  DailyMetricsPageDto,
  DailyMetricsReader,
  formatDate,
  HistoryQuery,
  type DailyMetricsItem,
  type Page,
  type SymbolMetrics,
} from '@app/domain';
import { AnswersJson } from '../open-api/answers.decorator';
import { DAILY_METRICS_EXAMPLE, pageExample } from '../open-api/examples';
import { cursorScope, decodeCursor } from '../paging/cursor';
import { answerPage } from '../paging/page';
import { checkedRange } from '../paging/time-range';
import { SymbolSelection } from '../symbols/symbol-selection';

const toItem = (row: SymbolMetrics): DailyMetricsItem => ({
  date: formatDate(row.date),
  symbol: row.symbol,
  close: row.close,
  log_return: row.logReturn,
  vwap: row.vwap,
  true_range: row.trueRange,
  vol_close_7d: row.volClose7d,
  vol_close_30d: row.volClose30d,
  vol_parkinson_30d: row.volParkinson30d,
  vol_garman_klass_30d: row.volGarmanKlass30d,
  vol_yang_zhang_30d: row.volYangZhang30d,
  max_drawdown_30d: row.maxDrawdown30d,
  observations: row.observations,
  coverage_pct: row.coveragePercent,
});

/** Returns, volatilities and drawdown by UTC day. */
@ApiTags('market data')
@Controller('daily-metrics')
export class DailyMetricsController {
  constructor(
    private readonly selection: SymbolSelection,
    private readonly metrics: DailyMetricsReader,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'listDailyMetrics', summary: 'Metrics of UTC days by date, ascending.' })
  @AnswersJson(DailyMetricsPageDto, pageExample('/daily-metrics', DAILY_METRICS_EXAMPLE))
  async list(
    @Query() query: HistoryQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Page<DailyMetricsItem>> {
    const { limit, start, end } = query;
    const range = checkedRange(start, end);
    const symbols = await this.selection.resolve(query);
    const scope = cursorScope('/daily-metrics', symbols, start, end);
    const after = decodeCursor(scope, query.cursor);
    return answerPage(request, reply, {
      read: (rows) => this.metrics.range(symbols, range, rows, after),
      limit,
      scope,
      keyOf: ({ date, symbol }) => ({ time: date, symbol }),
      toItem,
    });
  }
}
