import { DAY, floorTo, type EpochMicros, type TopicNames } from '@app/domain';
import type { BronzeArchive } from '../bronze/bronze-archive';
import type { CheckedEvent } from './checked-event';

function capturedAt(checked: CheckedEvent): EpochMicros {
  return checked.kind === 'price' ? checked.event.timestamp : checked.event.capturedAt;
}

/** Appends the lines of events to the bronze files of the days on which they were captured. Inside write units only. */
export class EventLines {
  constructor(
    private readonly archive: BronzeArchive,
    private readonly topics: TopicNames,
  ) {}

  /** Flushed when it returns; `partition` is the broker's, null where none brings the lines. */
  append(events: readonly CheckedEvent[], partition: number | null): void {
    const files = new Map<string, { topic: string; day: EpochMicros; lines: string[] }>();
    for (const checked of events) {
      const topic = this.topics[checked.kind];
      const day = floorTo(capturedAt(checked), DAY);
      const key = `${topic} ${day}`;
      const file = files.get(key);
      if (file) file.lines.push(checked.line);
      else files.set(key, { topic, day, lines: [checked.line] });
    }
    for (const { topic, day, lines } of files.values()) this.archive.append({ topic, partition }, day, lines);
  }
}
