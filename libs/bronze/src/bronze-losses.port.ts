import type { EpochMicros, LostLines } from '@app/domain';

/** A line of a bronze file that cannot be taken into the tables; lines are counted from 1. */
export interface UnreadableLine {
  readonly number: number;
  readonly reason: string;
}

/** What could not be taken up of bronze files, one entry for each file: the first line of them and how many there are. */
export abstract class BronzeLosses {
  /** Inside the write unit that moves the stored length over the lines. */
  abstract add(file: string, lines: readonly UnreadableLine[], noticedAt: EpochMicros): void;
  abstract all(): LostLines[];
}
