import { Injectable } from '@nestjs/common';
import { ChangeFeedReader, positionFromText, type EpochMicros } from '@app/domain';
import { invalidParameter, ProblemError } from '@app/http';
import type { StreamStart } from './streams';

/** What a client said of where to begin. */
export interface AskedStart {
  /** Of the header, which a browser sends by itself when it connects again. */
  readonly header: string | undefined;
  readonly lastEventId: string | undefined;
  readonly start: EpochMicros | undefined;
}

/** Finds where a stream begins: behind the last event that the client has, at a time, or now. */
@Injectable()
export class StreamStarts {
  constructor(private readonly feed: ChangeFeedReader) {}

  /** @throws ProblemError 400 for an unreadable `last_event_id`, 503 where there is no feed; StoreNotReadyError */
  async find({ header, lastEventId, start }: AskedStart): Promise<StreamStart> {
    const reason = await this.feed.unavailable();
    if (reason !== undefined) throw noFeed(reason);
    // The header wins: a browser that connects again sends the address that it began with.
    if (header !== undefined && header !== '') return this.resume(header);
    if (lastEventId !== undefined) {
      if (!positionFromText(lastEventId))
        throw invalidParameter('last_event_id', lastEventId, 'the id of an event, or X-Feed-Position of a list');
      return this.resume(lastEventId);
    }
    return { from: await (start === undefined ? this.feed.end() : this.feed.at(start)) };
  }

  private async resume(id: string): Promise<StreamStart> {
    const position = positionFromText(id);
    if (!position) return { from: await this.feed.end(), gap: { since: null } };
    const { from, isWhole } = await this.feed.resume(position);
    return isWhole ? { from } : { from, gap: { since: position.committedAt } };
  }
}

function noFeed(reason: string): ProblemError {
  return new ProblemError({
    status: 503,
    code: 'STREAM.UNAVAILABLE',
    title: 'There is nothing to stream here',
    detail: reason,
    headers: { 'Retry-After': '60' },
  });
}
