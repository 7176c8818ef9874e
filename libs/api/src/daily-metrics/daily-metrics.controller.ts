import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  Clock,
  DAY,
  DailyMetricsPageDto,
  DailyMetricsReader,
  formatDate,
  HistoryQuery,
  type DailyMetricsItem,
  type SymbolMetrics,
  type TimeKey,
  type TimeRange,
} from '@app/domain';
import { absoluteTimes, listQuestion } from '../lists/list-question';
import { ListResponder } from '../lists/list-responder';
import { newestFirst } from '../lists/newest-first';
import { COUNT, DATE, DECIMAL, STATISTIC, TEXT, orNull, type ListField, type ListFields } from '../lists/list-fields';
import { AnswersList } from '../open-api/answers.decorator';
import { DAILY_METRICS_EXAMPLE, pageExample } from '../open-api/examples';
import { cursorScope } from '../paging/cursor';
import { scopeOf, SymbolSelection } from '../symbols/symbol-selection';

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

const FIELDS: ListFields & Record<keyof DailyMetricsItem, ListField> = {
  date: DATE,
  symbol: TEXT,
  close: DECIMAL,
  log_return: orNull(STATISTIC),
  vwap: orNull(DECIMAL),
  true_range: orNull(DECIMAL),
  vol_close_7d: orNull(STATISTIC),
  vol_close_30d: orNull(STATISTIC),
  vol_parkinson_30d: orNull(STATISTIC),
  vol_garman_klass_30d: orNull(STATISTIC),
  vol_yang_zhang_30d: orNull(STATISTIC),
  max_drawdown_30d: orNull(STATISTIC),
  observations: COUNT,
  coverage_pct: DECIMAL,
};

const keyOf = ({ date, symbol }: SymbolMetrics): TimeKey => ({ time: date, symbol });

/** Returns, volatilities and drawdown by UTC day. */
@ApiTags('market data')
@Controller('daily-metrics')
export class DailyMetricsController {
  constructor(
    private readonly selection: SymbolSelection,
    private readonly metrics: DailyMetricsReader,
    private readonly clock: Clock,
    private readonly lists: ListResponder,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'listDailyMetrics',
    summary: 'Metrics of UTC days by date.',
    description:
      'Returns, volatilities and drawdown of each UTC day that has candles of the exchange, by date, then symbol. A window is the ' +
      'last 7 or 30 UTC dates including the row; a figure is null where fewer than 80 % of its observations are there. ' +
      '`observations` counts the days with candles among 30, and `coverage_pct` says how much of the day is accounted for: a day ' +
      'below 100 is not whole yet, and its figures may change.',
  })
  @AnswersList(DailyMetricsPageDto, pageExample('/daily-metrics', DAILY_METRICS_EXAMPLE))
  async list(@Query() query: HistoryQuery, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const now = this.clock.now();
    const question = listQuestion(request, query, { now, defaultLimit: 500, fields: Object.keys(FIELDS) });
    const { range, order } = question;
    const symbols = await this.selection.resolve(query);
    const scope = cursorScope('/daily-metrics', scopeOf(query, symbols), range.start, range.end, order);
    const read = (part: Partial<TimeRange>, limit: number, after?: TimeKey): Promise<SymbolMetrics[]> =>
      this.metrics.range(symbols, part, limit, after);
    await this.lists.send(request, reply, question, {
      scope,
      fields: FIELDS,
      keyOf,
      toItem,
      forwards: (limit, after) => read(range, limit, after),
      backwards: (limit, behind) => {
        const span = DAY * Math.ceil((limit + 1) / symbols.length + 1);
        return newestFirst({ read, keyOf, range: { start: 0, end: now + DAY, ...range }, span }, limit, behind);
      },
      most: (start, end = now + DAY) => symbols.length * Math.ceil((end - start) / DAY),
      absolute: absoluteTimes(question),
    });
  }
}
