import type { OutgoingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CandleStreamQuery, Clock, PriceStreamQuery, timeAt, type EpochMicros } from '@app/domain';
import { Callers, privateFor, PublicAddress } from '@app/http';
import { AnswersStream } from '../open-api/answers.decorator';
import { CANDLE_EXAMPLE, PRICE_EVENT_EXAMPLE, streamExample } from '../open-api/examples';
import { SymbolSelection } from '../symbols/symbol-selection';
import { gapAddress } from './gap-address';
import type { StreamChannel } from './stream-event';
import { StreamStarts } from './stream-start';
import { Streams } from './streams';

const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // nginx would gather events before it hands them on.
  'x-accel-buffering': 'no',
};

/** Live events, each with the position from which a reader goes on after a break. */
@ApiTags('live')
@Controller('stream')
export class StreamsController {
  constructor(
    private readonly callers: Callers,
    private readonly selection: SymbolSelection,
    private readonly starts: StreamStarts,
    private readonly streams: Streams,
    private readonly address: PublicAddress,
    private readonly clock: Clock,
  ) {}

  @Get('prices')
  @ApiOperation({
    operationId: 'streamPrices',
    summary: 'Price events as they are stored.',
    description:
      'Server-sent events: `price` with the item of `/trades/range`, and `gap` where events are missing, with the ' +
      'address to read them from. `Last-Event-ID` goes on exactly behind an event.',
  })
  @AnswersStream(streamExample('price', PRICE_EVENT_EXAMPLE))
  prices(@Query() query: PriceStreamQuery, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.open('prices', query, request, reply);
  }

  @Get('candles')
  @ApiOperation({
    operationId: 'streamCandles',
    summary: 'Closed minutes and their revisions as they are stored.',
    description:
      'Server-sent events: `candle` with the item of `/candles`, `history` for minutes that were filled or corrected ' +
      'all at once, and `gap` where events are missing, both with the address to read them from.',
  })
  @AnswersStream(streamExample('candle', CANDLE_EXAMPLE))
  candles(
    @Query() query: CandleStreamQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.open('candles', query, request, reply);
  }

  private async open(
    channel: StreamChannel,
    query: PriceStreamQuery,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const caller = this.callers.of(request.raw);
    this.streams.admit(caller);
    const symbols = await this.selection.resolve(query);
    const header = request.headers['last-event-id'];
    const start = await this.starts.find({
      header: Array.isArray(header) ? header.join(',') : header,
      lastEventId: query.last_event_id,
      start: query.start === undefined ? undefined : timeAt(query.start, this.clock.now()),
    });
    // Others may have come while this one was looked up.
    this.streams.admit(caller);
    reply.headers({ ...STREAM_HEADERS, 'cache-control': privateFor(caller, STREAM_HEADERS['cache-control']) });
    if (request.raw.method === 'HEAD') {
      // Nothing at all would be said to have a length of 0.
      await reply.send(Readable.from([]));
      return;
    }
    reply.hijack();
    reply.raw.writeHead(200, reply.getHeaders() as OutgoingHttpHeaders);
    // By itself: Node keeps the head for as long as the stream lives, and this makes one text of its many pieces.
    reply.raw.flushHeaders();
    const isChosen = query.symbol !== undefined || query.symbols !== undefined;
    const prefix = this.address.prefixOf(request);
    const question = {
      channel,
      prefix,
      symbols: isChosen ? new Set(symbols) : undefined,
      listUrl: (since: EpochMicros | null) =>
        prefix + gapAddress({ channel, symbols: isChosen ? symbols : [], since, now: this.clock.now() }),
    };
    await this.streams.serve(reply.raw, caller, question, start);
  }
}
