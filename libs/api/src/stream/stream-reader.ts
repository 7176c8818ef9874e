import type { ServerResponse } from 'node:http';
import {
  formatEventTime,
  positionFromText,
  positionToText,
  type ChangeFeedReader,
  type EpochMicros,
  type FeedPosition,
} from '@app/domain';
import { FeedEvents, channelOf, positionBehind, type WantedSymbols } from './feed-events';
import type { FeedFollower } from './feed-follower';
import { eventText, textUnder, type StreamChannel, type StreamEvent } from './stream-event';

/** Bytes handed to a socket at once, about. */
const CHUNK_BYTES = 65_536;
/** Units read at once by a reader that is behind. */
const PAGE_UNITS = 16;

export interface StreamQuestion {
  readonly channel: StreamChannel;
  readonly symbols: WantedSymbols;
  /** The path that a proxy takes off what this reader asks for. */
  readonly prefix: string;
  /** The list route of the same symbols, from a time on or of the newest. */
  readonly listUrl: (since: EpochMicros | null) => string;
}

export interface StreamSources {
  readonly follower: FeedFollower;
  readonly feed: ChangeFeedReader;
  readonly events: FeedEvents;
}

/**
 * One open stream. Near the end of the feed it takes events out of the log that all streams share; behind it, it reads the
 * feed itself up to where the log ends. It is written to only while its socket takes what it is given.
 */
export class StreamReader {
  /** In the log: number of the next event; undefined while the feed is read. */
  private next: number | undefined;
  /** Position behind the last event that was passed, sent or not wanted. */
  private id: string;
  /** Number of the catch-up that may write: an older one stops. */
  private run = 0;
  private isBlocked = false;
  private isClosed = false;
  private onDrain: (() => void) | undefined;
  private writtenAt = performance.now();

  constructor(
    private readonly response: ServerResponse,
    private readonly question: StreamQuestion,
    private readonly sources: StreamSources,
    from: FeedPosition,
  ) {
    this.id = positionToText(from);
    response.on('drain', () => {
      this.isBlocked = false;
      this.onDrain?.();
      this.onDrain = undefined;
      this.pump();
    });
    response.on('close', () => {
      this.isClosed = true;
      this.onDrain?.();
    });
  }

  /** Tells where to go on after a break, and how long to wait. */
  greet(retryMs: number): void {
    this.write(`retry: ${retryMs}\nid: ${this.id}\n\n`);
  }

  /** Says that events are missing here, and where they can be had. */
  tellGap(since: FeedPosition['committedAt'], from: FeedPosition): void {
    const time = since === null ? null : formatEventTime(since);
    const { id, text } = eventText('gap', from, { since: time, next_url: this.question.listUrl(since) });
    this.id = id;
    this.write(text);
  }

  /** Goes with the log, where it has what comes behind the position; else reads the feed up to where the log ends first. */
  async catchUp(from: FeedPosition): Promise<void> {
    const { follower, feed } = this.sources;
    const run = (this.run += 1);
    this.next = this.log.behind(this.id);
    if (this.next !== undefined) {
      this.pump();
      return;
    }
    let position = from;
    while (!this.isClosed && run === this.run) {
      const until = follower.position;
      const units = await feed.units(position, PAGE_UNITS, until);
      if (units.length === 0 && until === follower.position) {
        this.next = this.log.end;
        this.id = positionToText(until);
        this.pump();
        return;
      }
      for (const unit of units) {
        if (channelOf(unit) === this.question.channel) {
          const events = await this.sources.events.of(unit, position, this.question.symbols);
          if (run !== this.run) return;
          await this.send(events);
          if (run !== this.run) return;
        }
        position = positionBehind(position, unit);
        this.id = positionToText(position);
      }
    }
  }

  /** Hands on what the log has, for as long as the socket takes it. */
  pump(): void {
    while (!this.isBlocked && !this.isClosed && this.next !== undefined && this.next < this.log.end) {
      if (this.next < this.log.start) {
        this.fallBehind();
        return;
      }
      this.writeSome(this.next);
    }
  }

  /** The feed was made anew: goes on at its end. */
  breakOff(from: FeedPosition): void {
    const since = positionFromText(this.id)?.committedAt ?? null;
    // What it may be reading of the old feed is dropped.
    this.run += 1;
    this.tellGap(since, from);
    this.next = this.log.end;
  }

  /** A sign of life, unless events were sent lately. One that takes nothing is cut off by the server below. */
  check(now: number, quietMs: number): void {
    if (!this.isBlocked && now - this.writtenAt >= quietMs) this.write(':\n\n');
  }

  /** Ends after the last whole event. */
  end(): void {
    this.isClosed = true;
    this.response.end();
  }

  cut(): void {
    this.isClosed = true;
    this.response.destroy();
  }

  private get log(): FeedFollower['logs'][StreamChannel] {
    return this.sources.follower.logs[this.question.channel];
  }

  private writeSome(from: number): void {
    const { symbols, prefix } = this.question;
    let to = from;
    let size = 0;
    const texts: string[] = [];
    for (; to < this.log.end && size < CHUNK_BYTES; to += 1) {
      const event = this.log.at(to);
      if (!event) break;
      if (symbols && !symbols.has(event.symbol)) continue;
      size += event.text.length;
      texts.push(textUnder(event, prefix));
    }
    this.next = to;
    this.id = this.log.at(to - 1)?.id ?? this.id;
    if (texts.length === 0) return;
    this.write(texts.length === to - from ? this.log.bytes(from, to, prefix) : texts.join(''));
  }

  /** The log no longer has what comes next. */
  private fallBehind(): void {
    const from = positionFromText(this.id);
    if (!from) throw new Error('the position of a stream cannot be read');
    this.catchUp(from).catch(() => {
      this.cut();
    });
  }

  private async send(events: readonly StreamEvent[]): Promise<void> {
    let text = '';
    for (const [index, event] of events.entries()) {
      text += textUnder(event, this.question.prefix);
      if (text.length < CHUNK_BYTES && index < events.length - 1) continue;
      if (this.isClosed) return;
      this.write(text);
      text = '';
      if (this.isBlocked) await this.drained();
    }
  }

  private drained(): Promise<void> {
    return new Promise((resolve) => {
      this.onDrain = resolve;
      if (this.isClosed || !this.isBlocked) resolve();
    });
  }

  private write(chunk: string | Buffer): void {
    if (this.isClosed) return;
    this.writtenAt = performance.now();
    if (!this.response.write(chunk)) this.isBlocked = true;
  }
}
