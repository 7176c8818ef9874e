import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  CandleGridUnknownError,
  CandlePageDto,
  CandleReader,
  CandlesQuery,
  Clock,
  DAY,
  longestCandle,
  shortestCandle,
  toCandleItem,
  type CandleItem,
  type StoredCandle,
  type TimeKey,
  type TimeRange,
} from '@app/domain';
import { ProblemError } from '@app/http';
import { AnswersList, AnswersProblems } from '../open-api/answers.decorator';
import { CANDLE_EXAMPLE, pageExample } from '../open-api/examples';
import { absoluteTimes, listQuestion } from '../lists/list-question';
import { ListResponder } from '../lists/list-responder';
import { newestFirst } from '../lists/newest-first';
import { COUNT, DECIMAL, FLAG, TEXT, TIME, type ListField, type ListFields } from '../lists/list-fields';
import { cursorScope } from '../paging/cursor';
import { scopeOf, SymbolSelection } from '../symbols/symbol-selection';

/** Seconds after which to ask again: capture asks the exchange once a minute. */
const GRID_RETRY_SECONDS = 60;

/** Most symbols that an error lists. */
const LISTED = 20;

const FIELDS: ListFields & Record<keyof CandleItem, ListField> = {
  symbol: TEXT,
  interval: TEXT,
  open_time: TIME,
  close_time: TIME,
  open: DECIMAL,
  high: DECIMAL,
  low: DECIMAL,
  close: DECIMAL,
  volume: DECIMAL,
  quote_volume: DECIMAL,
  trade_count: COUNT,
  taker_buy_volume: DECIMAL,
  taker_buy_quote_volume: DECIMAL,
  is_closed: FLAG,
  source: TEXT,
  captured_at: TIME,
  revision: COUNT,
  is_final: FLAG,
  missing_minutes: COUNT,
};

const keyOf = ({ openTime, symbol }: StoredCandle): TimeKey => ({ time: openTime, symbol });

/** Candles of minutes, and of every longer interval, which are their exact roll-up. */
@ApiTags('market data')
@Controller('candles')
export class CandlesController {
  constructor(
    private readonly selection: SymbolSelection,
    private readonly candles: CandleReader,
    private readonly clock: Clock,
    private readonly lists: ListResponder,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'listCandles',
    summary: 'Candles by open time.',
    description:
      'Candles whose open time is in the range, up to their end. A minute that the exchange did not give is not ' +
      'invented: `/coverage` says what became of it. `is_closed` says that the time of a candle is over, `is_final` that ' +
      'nothing of it is missing either: only then does it equal the candle of the exchange digit for digit. One that is ' +
      'final and changes later has a higher `revision`.',
  })
  @AnswersList(CandlePageDto, pageExample('/candles', CANDLE_EXAMPLE))
  @AnswersProblems(409)
  async list(@Query() query: CandlesQuery, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { interval } = query;
    const now = this.clock.now();
    const question = listQuestion(request, query, { now, defaultLimit: 500, fields: Object.keys(FIELDS) });
    const symbols = await this.selection.resolve(query);
    const { range, order, asOf } = question;
    const scope = cursorScope('/candles', scopeOf(query, symbols), interval, range.start, range.end, asOf, order);
    const at = Math.min(now, asOf ?? Infinity);
    const read = (part: Partial<TimeRange>, limit: number, after?: TimeKey): Promise<StoredCandle[]> =>
      this.candles.range(symbols, interval, part, limit, after, asOf).catch(withoutGrid);
    await this.lists.send(request, reply, question, {
      scope,
      fields: FIELDS,
      keyOf,
      toItem: (candle) => toCandleItem(candle, interval, at),
      forwards: (limit, after) => read(range, limit, after),
      backwards: (limit, behind) => {
        const span = longestCandle(interval) * Math.ceil((limit + 1) / symbols.length + 1);
        return newestFirst({ read, keyOf, range: { start: 0, end: at + DAY, ...range }, span }, limit, behind);
      },
      most: (start, end = at + DAY) => symbols.length * Math.ceil((end - start) / shortestCandle(interval) + 1),
      isFinal: (_, item) => item['is_final'] === true,
      absolute: absoluteTimes(question),
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
