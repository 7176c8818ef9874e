import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { DAILY_METRICS, DATA_QUALITY, SYMBOLS } from '@app/bi';
import {
  BI_TABLES,
  DailyMetricsReader,
  DailyMetricsTableQuery,
  DataQualityQuery,
  DayQualityReader,
  exampleCsv,
  SymbolsTableQuery,
  type SymbolMetrics,
} from '@app/domain';
import { noteOpenMetrics, noteOpenQuality, noteOpenSymbol } from '@app/history';
import { AnswersCsv } from '../open-api/answers.decorator';
import { SymbolSelection } from '../symbols/symbol-selection';
import { SymbolSummaries } from '../symbols/symbol-summaries';
import { CsvResponder } from './csv-responder';
import { DAILY_ROWS } from './date-window';
import { symbolsLabel } from './file-label';
import { TableFreshness } from './table-freshness';
import { encodeTable, tableText } from './table-text';
import { WindowedTables, type WindowedTable } from './windowed-tables';

/** Tables about the history itself: what is computed from it, and how complete it is. Unknown parameters are ignored. */
@ApiTags('tables for BI tools')
@Controller('bi')
export class BiHistoryController {
  constructor(
    private readonly windowed: WindowedTables,
    private readonly selection: SymbolSelection,
    private readonly metrics: DailyMetricsReader,
    private readonly quality: DayQualityReader,
    private readonly summaries: SymbolSummaries,
    private readonly responder: CsvResponder,
    private readonly freshness: TableFreshness,
  ) {}

  @Get('daily_metrics.csv')
  @ApiProduces('text/csv')
  @ApiOperation({
    operationId: 'getDailyMetricsCsv',
    summary: 'Returns, volatilities and drawdown of each UTC day.',
    description: `By date, then symbol. ${BI_TABLES.daily_metrics.description}`,
  })
  @AnswersCsv('One row per date and symbol that has exchange candles.', exampleCsv('daily_metrics'))
  dailyMetrics(@Query() query: DailyMetricsTableQuery, @Res() reply: FastifyReply): Promise<void> {
    const read: WindowedTable<SymbolMetrics>['read'] = (symbols, range) =>
      this.metrics.range(symbols, range, DAILY_ROWS.maxRows);
    return this.windowed.send(
      { table: DAILY_METRICS, size: DAILY_ROWS, stored: this.metrics, read, noteOpen: noteOpenMetrics },
      query,
      reply,
    );
  }

  @Get('data_quality.csv')
  @ApiProduces('text/csv')
  @ApiOperation({
    operationId: 'getDataQualityCsv',
    summary: BI_TABLES.data_quality.description,
    description:
      'By date, then symbol. Captured, quiet, stopped and missing minutes together are those expected; only missing ones make a day ' +
      'incomplete. `verified_against_exchange` says whether the day equals that of the exchange, and is empty where it has not been ' +
      'compared since it last changed.',
  })
  @AnswersCsv('One row per date of the ledger and symbol.', exampleCsv('data_quality'))
  dataQuality(@Query() query: DataQualityQuery, @Res() reply: FastifyReply): Promise<void> {
    const read = this.quality.days.bind(this.quality);
    return this.windowed.send(
      { table: DATA_QUALITY, size: DAILY_ROWS, stored: this.quality, read, noteOpen: noteOpenQuality },
      query,
      reply,
    );
  }

  @Get('symbols.csv')
  @ApiProduces('text/csv')
  @ApiOperation({
    operationId: 'getSymbolsCsv',
    summary: BI_TABLES.symbols.description,
    description:
      'By symbol, one that nothing is stored of included. `status` is what the exchange calls its state, `UNKNOWN` until it has told ' +
      'and `DELISTED` when it does not list the symbol any more.',
  })
  @AnswersCsv('One row per symbol.', exampleCsv('symbols'))
  async symbols(@Query() query: SymbolsTableQuery, @Res() reply: FastifyReply): Promise<void> {
    const symbols = await this.selection.resolve(query);
    const text = tableText(query);
    await this.responder.send(reply, `${SYMBOLS.name} ${symbols.join(',')}${text.key}`, async (now) => {
      const rows = await this.summaries.of(symbols);
      const fresh = this.freshness.at(now);
      for (const row of rows) noteOpenSymbol(row, fresh);
      return {
        bytes: encodeTable(SYMBOLS, text, rows),
        lastModified: rows.reduce((newest, { changedAt }) => Math.max(newest, changedAt), 0),
        fileName: `${SYMBOLS.name}_${symbolsLabel(symbols)}.csv`,
        freshUntil: fresh.until,
      };
    });
  }
}
