import { DAY, floorTo, type CheckedEvent, type EpochMicros } from '@app/domain';
import type { BronzeUnit } from './bronze-unit';

/** Lines of one topic that were captured on one UTC day. */
interface DayLines {
  readonly topic: string;
  readonly day: EpochMicros;
  readonly lines: string[];
}

/**
 * Appends the lines of events to the bronze files of the days on which they were captured. Inside write units only; flushed
 * when it returns. `partition` is the broker's, null where none brings the lines.
 */
export function appendEvents(bronze: BronzeUnit, events: readonly CheckedEvent[], partition: number | null): void {
  const files: DayLines[] = [];
  let file: DayLines | undefined;
  for (const { kind, line, event } of events) {
    const { topic } = kind;
    const day = floorTo(kind.capturedAt(event), DAY);
    if (file?.day !== day || file.topic !== topic) {
      file = files.find((known) => known.day === day && known.topic === topic) ?? { topic, day, lines: [] };
      if (file.lines.length === 0) files.push(file);
    }
    file.lines.push(line);
  }
  for (const { topic, day, lines } of files) bronze.append({ topic, partition }, day, lines);
}
