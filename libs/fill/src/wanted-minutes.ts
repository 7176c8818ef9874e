import type { ArchiveDay, ArchiveError, CandlePage, EpochMicros, MinuteCandle, TimeRange } from '@app/domain';

/** `archive`: the exchange's daily and monthly files. `rest`: pages of its REST API. */
export type MinuteSource = 'archive' | 'rest';

/** Whole days from the archive where it has them, everything else over REST. */
export const ARCHIVE_THEN_REST: readonly MinuteSource[] = ['archive', 'rest'];
export const ARCHIVE_ALONE: readonly MinuteSource[] = ['archive'];
export const REST_ALONE: readonly MinuteSource[] = ['rest'];

/** Minutes of a symbol that somebody wants, and from where they may come. */
export interface WantedMinutes {
  readonly symbol: string;
  /** Ascending and disjoint. */
  readonly ranges: readonly TimeRange[];
  /** In this order; each is asked for what those before it did not have. {@link ARCHIVE_THEN_REST} unless given. */
  readonly sources?: readonly MinuteSource[];
  /** No step reaches over this time. */
  readonly cutAt?: EpochMicros;
}

/** What is asked for at once: one UTC day, or one page. */
export interface FillStep {
  readonly symbol: string;
  /** The day, or from the first wanted minute of the page to the end of the last one. */
  readonly range: TimeRange;
  /** The wanted minutes in it. */
  readonly wanted: readonly TimeRange[];
  readonly sources: readonly MinuteSource[];
}

/** What a source said of the minutes of a step. */
export type FilledPart =
  | {
      readonly kind: 'day';
      /** The whole day. */
      readonly range: TimeRange;
      readonly day: ArchiveDay;
      /** The wanted minutes that the file does not have. */
      readonly absent: readonly TimeRange[];
    }
  | {
      readonly kind: 'refused';
      readonly range: TimeRange;
      /** Why the archive does not give the day. */
      readonly refusal: ArchiveError;
    }
  | {
      readonly kind: 'page';
      /** The part of what was asked that the page speaks for. */
      readonly range: TimeRange;
      readonly page: CandlePage<MinuteCandle>;
    };
