import { DAY, floorTo, type EpochMicros, type TopicNames } from '@app/domain';
import type { BronzeArchive } from '../bronze/bronze-archive';
import type { CheckedEvent } from './checked-event';

function capturedAt(checked: CheckedEvent): EpochMicros {
  return checked.kind === 'price' ? checked.event.timestamp : checked.event.capturedAt;
}

/** Lines of one topic that were captured on one UTC day. */
interface DayLines {
  readonly topic: string;
  readonly day: EpochMicros;
  readonly lines: string[];
}

/** Appends the lines of events to the bronze files of the days on which they were captured. Inside write units only. */
export class EventLines {
  constructor(
    private readonly archive: BronzeArchive,
    private readonly topics: TopicNames,
  ) {}

  /** Flushed when it returns; `partition` is the broker's, null where none brings the lines. */
  append(events: readonly CheckedEvent[], partition: number | null): void {
    const files: DayLines[] = [];
    let file: DayLines | undefined;
    for (const checked of events) {
      const topic = this.topics[checked.kind];
      const day = floorTo(capturedAt(checked), DAY);
      if (file?.day !== day || file.topic !== topic) {
        file = files.find((known) => known.day === day && known.topic === topic) ?? { topic, day, lines: [] };
        if (file.lines.length === 0) files.push(file);
      }
      file.lines.push(checked.line);
    }
    for (const { topic, day, lines } of files) this.archive.append({ topic, partition }, day, lines);
  }
}
