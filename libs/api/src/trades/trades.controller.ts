import { Controller, Get, Inject, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  BOUNDS_ALLOWED,
  Clock,
  DAY,
  MINUTE,
  SECOND,
  LatestTradesQuery,
  PriceEventPageDto,
  PriceEventReader,
  toPriceEventV1,
  TradeRangeQuery,
  type PriceEvent,
  type PriceEventItem,
  type PriceEventKey,
  type TimeKey,
  type TimeRange,
} from '@app/domain';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { invalidParameter } from '@app/http';
import { absoluteTimes, listQuestion } from '../lists/list-question';
import { newestFirst } from '../lists/newest-first';
import { ListResponder } from '../lists/list-responder';
import { DECIMAL, TEXT, TIME, type ListField, type ListFields } from '../lists/list-fields';
import { AnswersList } from '../open-api/answers.decorator';
import { pageExample, PRICE_EVENT_EXAMPLE } from '../open-api/examples';
import { cursorScope } from '../paging/cursor';
import { scopeOf, SymbolSelection } from '../symbols/symbol-selection';

const FIELDS: ListFields & Record<keyof PriceEventItem, ListField> = {
  timestamp_utc: TIME,
  symbol: TEXT,
  lastPrice: DECIMAL,
  priceChangePercent: DECIMAL,
  volume: DECIMAL,
  source: TEXT,
};

/** Events that wait in a spool apart, those of an instant are there after so long. */
const SETTLED_AFTER = 2 * MINUTE;

const keyOf = ({ timestamp, symbol, source }: PriceEvent): PriceEventKey => ({ time: timestamp, symbol, source });

/** Captured price events. */
@ApiTags('market data')
@Controller('trades')
export class TradesController {
  constructor(
    @Inject(APP_CONFIG) private readonly config: AppConfig,
    private readonly selection: SymbolSelection,
    private readonly events: PriceEventReader,
    private readonly clock: Clock,
    private readonly lists: ListResponder,
  ) {}

  @Get('latest')
  @ApiOperation({
    operationId: 'listLatestTrades',
    summary: 'Polled price events, newest first.',
    description: "Prices as they were polled, in the exchange's own digits: not single trades.",
  })
  @AnswersList(PriceEventPageDto, pageExample('/trades/latest', PRICE_EVENT_EXAMPLE))
  async latest(
    @Query() query: LatestTradesQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const now = this.clock.now();
    const options = { now, defaultLimit: 200, fields: Object.keys(FIELDS) };
    const question = { ...listQuestion(request, query, options), order: 'desc' as const };
    const symbols = await this.selection.resolve(query);
    const scope = cursorScope('/trades/latest', scopeOf(query, symbols));
    const newest = (limit: number, behind?: TimeKey): Promise<PriceEvent[]> =>
      this.events.latest(symbols, limit, behind as PriceEventKey | undefined);
    await this.lists.send(request, reply, question, {
      scope,
      fields: FIELDS,
      keyOf,
      toItem: toPriceEventV1,
      forwards: newest,
      backwards: newest,
    });
  }

  @Get('range')
  @ApiOperation({
    operationId: 'listTradesInRange',
    summary: 'Polled price events of a half-open range of time.',
    description:
      "Prices as they were polled, in the exchange's own digits: not single trades. `start` and `end`, or `last`.",
  })
  @AnswersList(
    PriceEventPageDto,
    pageExample('/trades/range', PRICE_EVENT_EXAMPLE, 'symbol=BTCUSDT&start=2026-01-15&end=2026-01-16'),
  )
  async range(
    @Query() query: TradeRangeQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const now = this.clock.now();
    const question = listQuestion(request, query, { now, defaultLimit: 500, fields: Object.keys(FIELDS) });
    const { range, isLast, order } = question;
    for (const bound of ['start', 'end'] as const) {
      if (range[bound] === undefined && !isLast)
        throw invalidParameter(bound, undefined, `${BOUNDS_ALLOWED}; or last in place of start and end`);
    }
    const symbols = await this.selection.resolve(query);
    const scope = cursorScope('/trades/range', scopeOf(query, symbols), range.start, range.end, order);
    const read = (part: TimeRange, limit: number, after?: TimeKey): Promise<PriceEvent[]> =>
      this.events.range(symbols, part, limit, after as PriceEventKey | undefined);
    const bounds = { start: 0, end: now + DAY, ...range };
    await this.lists.send(request, reply, question, {
      scope,
      fields: FIELDS,
      keyOf,
      toItem: toPriceEventV1,
      forwards: (limit, after) => read(bounds, limit, after),
      backwards: (limit, behind) => {
        const span = this.config.ingest.pollIntervalSeconds * SECOND * Math.ceil((limit + 1) / symbols.length + 1);
        return newestFirst({ read, keyOf, range: bounds, span }, limit, behind);
      },
      isFinal: ({ timestamp }) => timestamp < now - SETTLED_AFTER,
      absolute: absoluteTimes(question),
    });
  }
}
