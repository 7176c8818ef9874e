import type { CandleChange, Change, EpochMicros, FeedPosition, PriceChange, PriceEvent } from '../model';
import type { StoredCandle } from './readers.port';

/** What one write unit changed, of one kind, and where it stands in its feed. */
export interface FeedUnit {
  readonly feed: number;
  readonly position: number;
  readonly committedAt: EpochMicros;
  readonly change: Change;
}

/** Whether a position can be gone on from. */
export interface Resumption {
  /** The position to go on from: the one that was asked for or, of feeds that no longer reach back so far, their oldest. */
  readonly from: FeedPosition;
  /** Whether nothing lies between the position that was asked for and `from`. */
  readonly isWhole: boolean;
}

/**
 * Reads what write units have changed, in the order of the commits of each feed. Every position that is given out names
 * all feeds that there are, so that one that is not named was made later and is read from its begin.
 */
export abstract class ChangeFeedReader {
  /** Why nothing is told here, in one readable line; undefined where it is. @throws StoreNotReadyError */
  abstract unavailable(): Promise<string | undefined>;

  /** Where the feeds end now: what is committed later lies behind it. @throws StoreNotReadyError */
  abstract end(): Promise<FeedPosition>;

  /** The first unit of each feed that was committed at `time` or later. @throws StoreNotReadyError */
  abstract at(time: EpochMicros): Promise<FeedPosition>;

  /**
   * Where to go on for a reader that has come as far as `position`; what is ahead of the feeds, or of another generation,
   * is gone on from at their end. @throws StoreNotReadyError
   */
  abstract resume(position: FeedPosition): Promise<Resumption>;

  /**
   * At most `limit` units from the position on, before `until` where it is given: each feed in its order, and units of
   * several feeds by the time of their commit. @throws StoreNotReadyError
   */
  abstract units(position: FeedPosition, limit: number, until?: FeedPosition): Promise<FeedUnit[]>;

  /** The rows of these keys as they are now, in their order; undefined for one that is no longer there. */
  abstract priceEvents(keys: readonly PriceChange[]): Promise<(PriceEvent | undefined)[]>;

  /** The current versions of these minutes, in their order; undefined for one that is no longer there. */
  abstract minutes(keys: readonly CandleChange[]): Promise<(StoredCandle | undefined)[]>;
}
