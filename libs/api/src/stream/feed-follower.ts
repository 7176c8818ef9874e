import { Inject, Injectable } from '@nestjs/common';
import { ChangeFeedReader, StoreStatus, type FeedPosition } from '@app/domain';
import { LOGGER, type Logger } from '@app/observability';
import { EventLog } from './event-log';
import { FeedEvents, channelOf, positionBehind } from './feed-events';
import type { StreamChannel } from './stream-event';

/** How often the store is asked whether anything was committed: it answers from memory. Real time. */
const LOOK_EVERY_MS = 100;
/** How often the feed is looked at even where the store says that nothing is new. */
const LOOK_ANYWAY_MS = 1_000;
/** Units read at once. */
const PAGE_UNITS = 64;
/** Events of both channels that are kept for readers who are a little behind. */
const LOG_BYTES = 8 * 1_048_576;

export interface FollowerListener {
  /** There may be something new to send. */
  onEvents(): void;
  /** The feed is not the one it was: the store was made anew. */
  onBreak(): void;
}

/**
 * Follows the change feed once for all streams of this process, as long as there is one: each unit is read and made into
 * events when it has been committed, and kept for a while.
 */
@Injectable()
export class FeedFollower {
  readonly logs: Readonly<Record<StreamChannel, EventLog>> = {
    prices: new EventLog(LOG_BYTES / 2),
    candles: new EventLog(LOG_BYTES / 2),
  };

  private current: FeedPosition | undefined;
  private version = '';
  private lookedAt = 0;
  private looking: Promise<void> | undefined;
  private starting: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private listener: FollowerListener | undefined;

  constructor(
    private readonly feed: ChangeFeedReader,
    private readonly store: StoreStatus,
    private readonly events: FeedEvents,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** How far the logs reach: what is committed later is not in them yet. */
  get position(): FeedPosition {
    if (!this.current) throw new Error('the feed is not followed');
    return this.current;
  }

  /** Begins to follow from now on, unless it does already; what is committed by now is in the logs, or before them. @throws StoreNotReadyError */
  async start(listener: FollowerListener): Promise<void> {
    this.listener = listener;
    if (this.current) return this.refresh();
    this.starting ??= this.begin().finally(() => {
      this.starting = undefined;
    });
    await this.starting;
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.current = undefined;
    for (const log of Object.values(this.logs)) log.clear();
  }

  /** Reads what has been committed by now. */
  private async refresh(): Promise<void> {
    await this.looking;
    this.lookedAt = 0;
    await this.look();
  }

  private async begin(): Promise<void> {
    const end = await this.feed.end();
    this.current = end;
    this.timer = setInterval(() => void this.look(), LOOK_EVERY_MS);
    this.timer.unref();
  }

  private look(): Promise<void> {
    this.looking ??= this.follow()
      .catch((error: unknown) => {
        // The store may be away for a while: its own state says why.
        this.logger.debug({ err: error }, 'the change feed cannot be read now');
      })
      .finally(() => {
        this.looking = undefined;
      });
    return this.looking;
  }

  private async follow(): Promise<void> {
    const version = await this.store.version();
    const now = performance.now();
    if (version === this.version && this.lookedAt > 0 && now - this.lookedAt < LOOK_ANYWAY_MS) return;
    this.version = version;
    this.lookedAt = now;
    if (!this.current) return;
    const { from, isWhole } = await this.feed.resume(this.current);
    if (this.hasStopped()) return;
    if (!isWhole) {
      this.current = from;
      for (const log of Object.values(this.logs)) log.clear();
      this.listener?.onBreak();
    }
    while (await this.readPage());
  }

  /** It may be stopped wherever something is awaited. */
  private hasStopped(): boolean {
    return this.current === undefined;
  }

  /** Whether there may be more. */
  private async readPage(): Promise<boolean> {
    const before = this.current;
    if (!before) return false;
    const units = await this.feed.units(before, PAGE_UNITS);
    let position = before;
    for (const unit of units) {
      const channel = channelOf(unit);
      const events = channel ? await this.events.of(unit, position) : [];
      position = positionBehind(position, unit);
      if (this.hasStopped()) return false;
      // Events and position change in one step: a reader joins between two of them.
      if (channel) this.logs[channel].append(events);
      this.current = position;
    }
    if (units.length > 0) this.listener?.onEvents();
    return units.length === PAGE_UNITS;
  }
}
