import { appendEvents, type BronzeUnit } from '@app/bronze';
import type { Change, CheckedEvent, SinkResult, SourcePartition } from '@app/domain';
import { LIVE_FEED, partitionFeed, type ChangeFeedWriter } from '../feed/change-feed.writer';
import type { ContradictionCounter } from './contradiction-counter';
import type { EventRows } from './event-rows';

/** Writes events to their tables, and the lines of those that are kept to bronze. Inside write units only. */
export class EventWriter {
  constructor(
    private readonly rows: EventRows,
    private readonly feed: ChangeFeedWriter,
    private readonly contradictions: ContradictionCounter,
  ) {}

  /** Rows first, then the lines, flushed. */
  write(events: readonly CheckedEvent[], source: SourcePartition, bronze: BronzeUnit): SinkResult {
    const { result, kept, accepted, changes } = this.rows.write(events);
    appendEvents(bronze, kept, source?.partition ?? null);
    for (const { kind, event } of accepted) if (kind.contradictions) this.contradictions.count(kind, event);
    this.tell(changes, source);
    return result;
  }

  /** Rows only: for lines that are in bronze already. */
  writeRows(events: readonly CheckedEvent[], source: SourcePartition): SinkResult {
    const { result, changes } = this.rows.write(events);
    this.tell(changes, source);
    return result;
  }

  private tell(changes: readonly Change[], source: SourcePartition): void {
    const feed = source === null ? LIVE_FEED : partitionFeed(source.topic, source.partition);
    for (const change of changes) this.feed.note(feed, change);
  }
}
