import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { DAILY_OHLC, DAILY_VOLUME, HOURLY_OHLCV, LATEST_PRICES } from '@app/bi';
import {
  BI_TABLES,
  DailyBarReader,
  DailyOhlcQuery,
  DailyVolumeQuery,
  exampleCsv,
  HourlyBarReader,
  HourlyOhlcvQuery,
  LatestPricesQuery,
  PriceEventReader,
} from '@app/domain';
import { noteOpenDay, noteOpenHour, noteOpenPrice } from '@app/history';
import { AnswersCsv } from '../open-api/answers.decorator';
import { SymbolSelection } from '../symbols/symbol-selection';
import { CsvResponder } from './csv-responder';
import { DAILY_ROWS, HOURLY_ROWS } from './date-window';
import { symbolsLabel } from './file-label';
import { TableFreshness } from './table-freshness';
import { encodeTable, tableText } from './table-text';
import { WindowedTables } from './windowed-tables';

/** Tables of the market for BI tools and sheets. Unknown parameters are ignored. */
@ApiTags('tables for BI tools')
@ApiProduces('text/csv')
@Controller('bi')
export class BiController {
  constructor(
    private readonly windowed: WindowedTables,
    private readonly selection: SymbolSelection,
    private readonly dailyBars: DailyBarReader,
    private readonly hourlyBars: HourlyBarReader,
    private readonly events: PriceEventReader,
    private readonly responder: CsvResponder,
    private readonly freshness: TableFreshness,
  ) {}

  @Get('daily_ohlc.csv')
  @ApiOperation({
    operationId: 'getDailyOhlcCsv',
    summary: BI_TABLES.daily_ohlc.description,
    description:
      'By date, then symbol; the last 90 dates unless `days`, or `start` and `end`, say otherwise. `is_final` is true where the day ' +
      'is over and none of its minutes is missing. `source` is `kline` for rows of candles of the exchange, and `ticker` where only ' +
      'polled snapshots are there: their open, high and low are those of the polls.',
  })
  @AnswersCsv('One row per date and symbol.', exampleCsv('daily_ohlc'))
  dailyOhlc(@Query() query: DailyOhlcQuery, @Res() reply: FastifyReply): Promise<void> {
    const read = this.dailyBars.bars.bind(this.dailyBars);
    return this.windowed.send(
      { table: DAILY_OHLC, size: DAILY_ROWS, stored: this.dailyBars, read, noteOpen: noteOpenDay },
      query,
      reply,
    );
  }

  @Get('daily_volume.csv')
  @ApiOperation({
    operationId: 'getDailyVolumeCsv',
    summary: BI_TABLES.daily_volume.description,
    description:
      'By date, then symbol, with the dates of `daily_ohlc.csv`. `is_final` is true where the day is over and none of its minutes is ' +
      'missing. A row with `source` `ticker` has the rolling 24 hours of its last snapshot in `volume`, which must not be summed, and ' +
      'no other figure.',
  })
  @AnswersCsv('One row per date and symbol.', exampleCsv('daily_volume'))
  dailyVolume(@Query() query: DailyVolumeQuery, @Res() reply: FastifyReply): Promise<void> {
    const read = this.dailyBars.bars.bind(this.dailyBars);
    return this.windowed.send(
      { table: DAILY_VOLUME, size: DAILY_ROWS, stored: this.dailyBars, read, noteOpen: noteOpenDay },
      query,
      reply,
    );
  }

  @Get('hourly_ohlcv.csv')
  @ApiOperation({
    operationId: 'getHourlyOhlcvCsv',
    summary: BI_TABLES.hourly_ohlcv.description,
    description:
      'By hour, then symbol; an hour of which nothing is stored has no row. `is_final` is true where the hour is over and none of its ' +
      'minutes is missing. At most 100,000 rows: a longer window is refused.',
  })
  @AnswersCsv('One row per hour and symbol.', exampleCsv('hourly_ohlcv'))
  hourlyOhlcv(@Query() query: HourlyOhlcvQuery, @Res() reply: FastifyReply): Promise<void> {
    const read = this.hourlyBars.bars.bind(this.hourlyBars);
    return this.windowed.send(
      { table: HOURLY_OHLCV, size: HOURLY_ROWS, stored: this.hourlyBars, read, noteOpen: noteOpenHour },
      query,
      reply,
    );
  }

  @Get('latest_prices.csv')
  @ApiOperation({
    operationId: 'getLatestPricesCsv',
    summary: BI_TABLES.latest_prices.description,
    description:
      'By symbol. A symbol without a price event has no row, and one that is not polled any more keeps its last: `timestamp_utc` says ' +
      'how old a price is. Change and volume are those of the rolling 24 hours.',
  })
  @AnswersCsv('One row per symbol that has a price event.', exampleCsv('latest_prices'))
  async latestPrices(@Query() query: LatestPricesQuery, @Res() reply: FastifyReply): Promise<void> {
    const symbols = await this.selection.resolve(query);
    const text = tableText(query);
    await this.responder.send(reply, `${LATEST_PRICES.name} ${symbols.join(',')}${text.key}`, async (now) => {
      const rows = await this.events.newest(symbols);
      const fresh = this.freshness.at(now);
      for (const row of rows) noteOpenPrice(row, fresh);
      return {
        bytes: encodeTable(LATEST_PRICES, text, rows),
        lastModified: rows.reduce((newest, { timestamp }) => Math.max(newest, timestamp), 0),
        fileName: `${LATEST_PRICES.name}_${symbolsLabel(symbols)}.csv`,
        freshUntil: fresh.until,
      };
    });
  }
}
