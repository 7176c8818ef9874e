import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  CandleGridUnknownError,
  CandlePageDto,
  CandleReader,
  CandlesQuery,
  Clock,
  toCandleItem,
  type CandleItem,
  type Page,
} from '@app/domain';
import { ProblemError } from '@app/http';
import { AnswersJson, AnswersProblems } from '../open-api/answers.decorator';
import { CANDLE_EXAMPLE, pageExample } from '../open-api/examples';
import { cursorScope, decodeCursor } from '../paging/cursor';
import { answerPage } from '../paging/page';
import { checkedRange } from '../paging/time-range';
import { SymbolSelection } from '../symbols/symbol-selection';

/** Seconds after which to ask again: capture asks the exchange once a minute. */
const GRID_RETRY_SECONDS = 60;

/** Most symbols that an error lists. */
const LISTED = 20;

/** Candles of minutes, and of every longer interval, which are their exact roll-up. */
@ApiTags('market data')
@Controller('candles')
export class CandlesController {
  constructor(
    private readonly selection: SymbolSelection,
    private readonly candles: CandleReader,
    private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'listCandles',
    summary: 'Candles by open time, ascending.',
    description:
      'Candles whose open time is in the range, up to their end. A minute that the exchange did not give is not ' +
      'invented: `/coverage` says what became of it. `is_closed` says that the time of a candle is over, `is_final` that ' +
      'nothing of it is missing either: only then does it equal the candle of the exchange digit for digit. One that is ' +
      'final and changes later has a higher `revision`.',
  })
  @AnswersJson(CandlePageDto, pageExample('/candles', CANDLE_EXAMPLE))
  @AnswersProblems(409)
  async list(
    @Query() query: CandlesQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Page<CandleItem>> {
    const { interval, limit, start, end, as_of: asOf } = query;
    const range = checkedRange(start, end);
    const symbols = await this.selection.resolve(query);
    const scope = cursorScope('/candles', symbols, interval, start, end, asOf);
    const after = decodeCursor(scope, query.cursor);
    const now = Math.min(this.clock.now(), asOf ?? Infinity);
    return answerPage(request, reply, {
      read: (rows) => this.candles.range(symbols, interval, range, rows, after, asOf).catch(withoutGrid),
      limit,
      scope,
      keyOf: ({ openTime, symbol }) => ({ time: openTime, symbol }),
      toItem: (candle) => toCandleItem(candle, interval, now),
    });
  }
}

/** @throws ProblemError 409 where it cannot be said yet which three days belong together */
function withoutGrid(error: unknown): never {
  if (!(error instanceof CandleGridUnknownError)) throw error;
  throw new ProblemError({
    status: 409,
    code: error.code,
    title: 'Where three-day candles begin is not known yet',
    detail:
      `interval: "3d" cannot be served for ${error.symbols.slice(0, LISTED).join(', ')} yet; expected another interval, ` +
      'until the exchange has told when its history of the symbol begins, which three-day candles are counted from',
    headers: { 'Retry-After': String(GRID_RETRY_SECONDS) },
  });
}
