import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { ChangeFeedReader, type FeedPosition } from '@app/domain';
import { Callers, ProblemError, type Caller } from '@app/http';
import { FeedEvents } from './feed-events';
import { FeedFollower } from './feed-follower';
import type { StreamChannel } from './stream-event';
import { StreamMetrics } from './stream-metrics';
import { StreamReader, type StreamQuestion } from './stream-reader';

/** How long a client waits before it connects again after a break. */
const RETRY_MS = 3_000;
/** After so long without an event a comment shows that the stream lives: before proxies lose their patience. */
const QUIET_MS = 15_000;
const CHECK_EVERY_MS = 1_000;
/** Seconds after which a refused client may ask again. */
const RETRY_AFTER_SECONDS = 30;

/** Where a stream begins. */
export interface StreamStart {
  readonly from: FeedPosition;
  /** Set where something is missing before `from`: the time that the position asked for holds, or null. */
  readonly gap?: { readonly since: FeedPosition['committedAt'] };
}

interface OpenStream {
  readonly reader: StreamReader;
  readonly caller: Caller;
}

/** The open streams of this process. */
@Injectable()
export class Streams implements BeforeApplicationShutdown {
  private readonly open = new Set<OpenStream>();
  private timer: NodeJS.Timeout | undefined;
  private isStopping = false;

  constructor(
    @Inject(APP_CONFIG) private readonly config: AppConfig,
    private readonly callers: Callers,
    private readonly feed: ChangeFeedReader,
    private readonly follower: FeedFollower,
    private readonly events: FeedEvents,
    private readonly metrics: StreamMetrics,
  ) {}

  /** @throws ProblemError 429 for a client that has too many streams, 503 where no more are served */
  admit({ client }: Caller): void {
    const { maxStreams, maxStreamsPerClient } = this.config.http;
    const ofClient = [...this.open].filter(({ caller }) => caller.client === client).length;
    if (ofClient >= maxStreamsPerClient) {
      throw refusal(429, 'STREAM.CLIENT_LIMIT_EXCEEDED', 'This client has too many streams', maxStreamsPerClient);
    }
    if (this.open.size >= maxStreams || this.isStopping) {
      throw refusal(503, 'STREAM.LIMIT_EXCEEDED', 'No more streams are served now', maxStreams);
    }
  }

  /** Serves a stream on a response whose head has been written, until either side ends it. */
  async serve(response: ServerResponse, caller: Caller, question: StreamQuestion, start: StreamStart): Promise<void> {
    const { follower, feed, events } = this;
    const reader = new StreamReader(response, question, { follower, feed, events }, start.from);
    const stream = { reader, caller };
    this.add(stream, question.channel);
    response.once('close', () => {
      this.remove(stream, question.channel);
    });
    reader.greet(RETRY_MS);
    if (start.gap) reader.tellGap(start.gap.since, start.from);
    try {
      await this.follower.start(this);
      await reader.catchUp(start.from);
    } catch {
      // The store is away: the client comes again, and is told then.
      reader.cut();
    }
  }

  onEvents(): void {
    for (const { reader } of this.open) reader.pump();
  }

  onBreak(): void {
    for (const { reader } of this.open) reader.breakOff(this.follower.position);
  }

  /** Streams end at once: they would hold up the stop of the process. */
  beforeApplicationShutdown(): void {
    this.isStopping = true;
    for (const { reader } of this.open) reader.end();
    this.stopFollowing();
  }

  private add(stream: OpenStream, channel: StreamChannel): void {
    this.open.add(stream);
    this.metrics.opened(channel);
    this.timer ??= setInterval(() => {
      this.check();
    }, CHECK_EVERY_MS).unref();
  }

  private remove(stream: OpenStream, channel: StreamChannel): void {
    if (!this.open.delete(stream)) return;
    this.metrics.closed(channel);
    if (this.open.size === 0) this.stopFollowing();
  }

  private stopFollowing(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.follower.stop();
  }

  private check(): void {
    const now = performance.now();
    for (const { reader, caller } of this.open) {
      // Whoever comes again is told why.
      if (this.callers.holds(caller)) reader.check(now, QUIET_MS);
      else reader.end();
    }
  }
}

function refusal(status: 429 | 503, code: string, title: string, limit: number): ProblemError {
  return new ProblemError({
    status,
    code,
    title,
    detail: `${title}: at most ${limit} at once; end one, or ask again later.`,
    headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) },
  });
}
