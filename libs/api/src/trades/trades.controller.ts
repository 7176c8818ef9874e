import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  Clock,
  DAY,
  LatestTradesQuery,
  PriceEventPageDto,
  PriceEventReader,
  TIMES_ALLOWED,
  toPriceEventV1,
  TradeRangeQuery,
  type EpochMicros,
  type PriceEvent,
  type PriceEventItem,
  type PriceEventKey,
  type TimeKey,
} from '@app/domain';
import { invalidParameter } from '@app/http';
import { absoluteTimes, listQuestion } from '../lists/list-question';
import { ListResponder } from '../lists/list-responder';
import type { FieldKind, ListFields } from '../lists/text-rows';
import { AnswersList } from '../open-api/answers.decorator';
import { pageExample, PRICE_EVENT_EXAMPLE } from '../open-api/examples';
import { cursorScope, decodeCursor } from '../paging/cursor';
import { SymbolSelection } from '../symbols/symbol-selection';

const FIELDS: ListFields & Record<keyof PriceEventItem, FieldKind> = {
  timestamp_utc: 'text',
  symbol: 'text',
  lastPrice: 'number',
  priceChangePercent: 'number',
  volume: 'number',
  source: 'text',
};

const keyOf = ({ timestamp, symbol, source }: PriceEvent): PriceEventKey => ({ time: timestamp, symbol, source });

/** Behind every event of earlier instants, newest first. */
const before = (time: EpochMicros): PriceEventKey => ({ time, symbol: '\u{10FFFF}', source: '' });

/** Captured price events. */
@ApiTags('market data')
@Controller('trades')
export class TradesController {
  constructor(
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
    const scope = cursorScope('/trades/latest', symbols);
    await this.lists.send(request, reply, question, this.source(symbols, scope, {}), decodeCursor(scope, query.cursor));
  }

  @Get('range')
  @ApiOperation({
    operationId: 'listTradesInRange',
    summary: 'Polled price events of a half-open range of time.',
    description:
      "Prices as they were polled, in the exchange's own digits: not single trades. `start` and `end`, or `last`.",
  })
  @AnswersList(PriceEventPageDto, pageExample('/trades/range', PRICE_EVENT_EXAMPLE))
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
        throw invalidParameter(bound, undefined, `${TIMES_ALLOWED}; or last in place of start and end`);
    }
    const symbols = await this.selection.resolve(query);
    const scope = cursorScope('/trades/range', symbols, range.start, range.end, order);
    const source = { ...this.source(symbols, scope, range), absolute: absoluteTimes(question) };
    await this.lists.send(request, reply, question, source, decodeCursor(scope, query.cursor));
  }

  private source(
    symbols: readonly string[],
    scope: string,
    { start = 0, end }: { start?: EpochMicros; end?: EpochMicros },
  ) {
    return {
      scope,
      fields: FIELDS,
      keyOf,
      toItem: toPriceEventV1,
      forwards: (limit: number, after?: TimeKey): Promise<PriceEvent[]> =>
        this.events.range(
          symbols,
          { start, end: end ?? this.clock.now() + DAY },
          limit,
          after as PriceEventKey | undefined,
        ),
      backwards: async (limit: number, behind?: TimeKey): Promise<PriceEvent[]> => {
        const from = (behind as PriceEventKey | undefined) ?? (end === undefined ? undefined : before(end));
        const rows = await this.events.latest(symbols, limit, from);
        return rows.filter(({ timestamp }) => timestamp >= start);
      },
    };
  }
}
