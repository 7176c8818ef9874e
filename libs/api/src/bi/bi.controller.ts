import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  BI_TABLE_HEADERS,
  Clock,
  DailyBarReader,
  DailyTableQuery,
  DAY,
  floorTo,
  LatestPricesQuery,
  PriceEventReader,
  type DailyBar,
} from '@app/domain';
import { AnswersCsv } from '../open-api/answers.decorator';
import { SymbolSelection } from '../symbols/symbol-selection';
import { CsvResponder } from './csv-responder';
import { encodeCsv, type CsvTable } from './csv-table';
import { dateWindow } from './date-window';
import { DAILY_OHLC, DAILY_VOLUME, LATEST_PRICES } from './tables';

/** The symbols as part of a file name: one by its name where that is ASCII, several by their number. */
function symbolsLabel(symbols: readonly string[]): string {
  const [only] = symbols;
  return symbols.length === 1 && only && /^[A-Z0-9]+$/.test(only) ? only : `${symbols.length}_symbols`;
}

const example = (header: readonly string[], row: string): string => `${header.join(',')}\r\n${row}\r\n`;

/** Tables for BI tools and sheets. Unknown parameters are ignored. */
@ApiTags('tables for BI tools')
@ApiProduces('text/csv')
@Controller('bi')
export class BiController {
  constructor(
    private readonly selection: SymbolSelection,
    private readonly dailyBars: DailyBarReader,
    private readonly events: PriceEventReader,
    private readonly responder: CsvResponder,
    private readonly clock: Clock,
  ) {}

  @Get('daily_ohlc.csv')
  @ApiOperation({ operationId: 'getDailyOhlcCsv', summary: 'Open, high, low and close of each UTC day.' })
  @AnswersCsv(
    'One row per date and symbol.',
    example(BI_TABLE_HEADERS.daily_ohlc, '2026-01-14,BTCUSDT,67001.10,68020.00,66850.55,67900.10,true,kline'),
  )
  dailyOhlc(
    @Query() query: DailyTableQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.sendDaily(DAILY_OHLC, query, request, reply);
  }

  @Get('daily_volume.csv')
  @ApiOperation({ operationId: 'getDailyVolumeCsv', summary: 'Volumes and trade counts of each UTC day.' })
  @AnswersCsv(
    'One row per date and symbol.',
    example(BI_TABLE_HEADERS.daily_volume, '2026-01-14,BTCUSDT,24567.12300000,1662000000.55,2801234,true,kline'),
  )
  dailyVolume(
    @Query() query: DailyTableQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.sendDaily(DAILY_VOLUME, query, request, reply);
  }

  @Get('latest_prices.csv')
  @ApiOperation({ operationId: 'getLatestPricesCsv', summary: 'The newest price of each symbol.' })
  @AnswersCsv(
    'One row per symbol that has a price event.',
    example(BI_TABLE_HEADERS.latest_prices, 'BTCUSDT,2026-01-15T14:03:22.913852+00:00,68001.20,1.87,24567.123,ticker'),
  )
  async latestPrices(
    @Query() query: LatestPricesQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const symbols = await this.selection.resolve(query);
    await this.responder.send(request, reply, `${LATEST_PRICES.name} ${symbols.join(',')}`, async (now) => {
      const rows = await this.events.newest(symbols);
      return {
        bytes: encodeCsv(LATEST_PRICES, rows),
        lastModified: rows.reduce((newest, { timestamp }) => Math.max(newest, timestamp), 0) || floorTo(now, DAY),
        fileName: `${LATEST_PRICES.name}_${symbolsLabel(symbols)}.csv`,
      };
    });
  }

  private async sendDaily(
    table: CsvTable<DailyBar>,
    query: DailyTableQuery,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const symbols = await this.selection.resolve(query);
    const window = dateWindow(query, this.clock.now(), symbols.length);
    const key = `${table.name} ${window.label} ${window.range.start} ${window.range.end} ${symbols.join(',')}`;
    await this.responder.send(request, reply, key, async (now) => {
      const rows = await this.dailyBars.bars(symbols, window.range);
      const today = floorTo(now, DAY);
      return {
        bytes: encodeCsv(table, rows),
        lastModified: rows.reduce(
          (newest, { changedAt }) => Math.max(newest, changedAt),
          window.relative || rows.length === 0 ? today : 0,
        ),
        fileName: `${table.name}_${symbolsLabel(symbols)}_${window.label}.csv`,
      };
    });
  }
}
