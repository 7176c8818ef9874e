import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  Clock,
  CoveragePageDto,
  CoverageReader,
  DAY,
  formatBucketTime,
  HistoryQuery,
  MINUTE,
  type CoverageItem,
  type SymbolCoverage,
  type TimeKey,
} from '@app/domain';
import { absoluteTimes, listQuestion } from '../lists/list-question';
import { ListResponder } from '../lists/list-responder';
import { newestOfAll } from '../lists/newest-first';
import { FLAG, TEXT, TIME, orNull, type ListField, type ListFields } from '../lists/list-fields';
import { AnswersList } from '../open-api/answers.decorator';
import { COVERAGE_EXAMPLE, pageExample } from '../open-api/examples';
import { cursorScope } from '../paging/cursor';
import { scopeOf, SymbolSelection } from '../symbols/symbol-selection';

const toItem = ({ symbol, start, end, state, repaired, reason }: SymbolCoverage): CoverageItem => ({
  symbol,
  start: formatBucketTime(start),
  end: formatBucketTime(end),
  state,
  repaired,
  reason,
});

const FIELDS: ListFields & Record<keyof CoverageItem, ListField> = {
  symbol: TEXT,
  start: TIME,
  end: TIME,
  state: TEXT,
  repaired: FLAG,
  reason: orNull(TEXT),
};

const keyOf = ({ start, symbol }: SymbolCoverage): TimeKey => ({ time: start, symbol });

/** The ledger: what became of every minute. */
@ApiTags('market data')
@Controller('coverage')
export class CoverageController {
  constructor(
    private readonly selection: SymbolSelection,
    private readonly coverage: CoverageReader,
    private readonly clock: Clock,
    private readonly lists: ListResponder,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'listCoverage',
    summary: 'Every minute accounted for: captured, quiet, stopped by the exchange, or missing and why.',
    description:
      'Runs of minutes in one state, by their start, then symbol. `captured` and `quiet` minutes are stored (`quiet`: nothing ' +
      'was traded), `stopped` ones do not exist on the exchange, `missing` ones may still come. `repaired` says that minutes ' +
      'came in late, and `reason` why they are missing; it is null in every other state.',
  })
  @AnswersList(CoveragePageDto, pageExample('/coverage', COVERAGE_EXAMPLE))
  async list(@Query() query: HistoryQuery, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const now = this.clock.now();
    const question = listQuestion(request, query, { now, defaultLimit: 500, fields: Object.keys(FIELDS) });
    const { range, order } = question;
    const symbols = await this.selection.resolve(query);
    const scope = cursorScope('/coverage', scopeOf(query, symbols), range.start, range.end, order);
    const read = (limit: number, after?: TimeKey): Promise<SymbolCoverage[]> =>
      this.coverage.ranges(symbols, range, limit, after);
    await this.lists.send(request, reply, question, {
      scope,
      fields: FIELDS,
      keyOf,
      toItem,
      forwards: read,
      // A range of minutes is one item, however long: it must not be cut by a look back.
      backwards: (limit, behind) => newestOfAll({ read, keyOf }, limit, behind),
      // An item is a minute at least.
      most: (start, end = now + DAY) => symbols.length * Math.ceil((end - start) / MINUTE),
      absolute: absoluteTimes(question),
    });
  }
}
