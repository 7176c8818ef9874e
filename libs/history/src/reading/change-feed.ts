import {
  ChangeFeedReader,
  unpackChange,
  type CandleChange,
  type ChangeKind,
  type EpochMicros,
  type FeedPosition,
  type FeedUnit,
  type PriceChange,
  type PriceEvent,
  type Resumption,
  type StoredCandle,
} from '@app/domain';

/** Where a feed ends: the position that its next unit takes. */
export interface FeedEnd {
  readonly feed: number;
  readonly next: number;
}

/** The feeds of a store. */
export interface StoredFeeds {
  /** Which feeds these are: random, made with them. */
  readonly generation: string;
  /** Of all feeds, by their numbers. */
  readonly ends: readonly FeedEnd[];
}

/** Asks for one unit of each feed: the oldest that is kept, the newest, or the first that was committed since a time. */
export interface UnitQuestion {
  readonly which: 'oldest' | 'newest' | { readonly since: EpochMicros };
  readonly feeds: readonly number[];
}

/** A unit without what it changed. */
export interface UnitPlace {
  readonly position: number;
  readonly committedAt: EpochMicros;
}

/** Asks for single units, round by round: answered in the order of the feeds, undefined for one that has no such unit. */
export type FeedInquiry<Found> = Generator<UnitQuestion, Found, readonly (UnitPlace | undefined)[]>;

/** Asks for the units of a feed at some positions, in their order; at most `limit` of them. */
export interface UnitPage {
  readonly feed: number;
  readonly from: number;
  readonly until: number;
  readonly limit: number;
}

/** A unit as it is kept: its keys are those of `packChange`. */
export interface PackedUnit extends UnitPlace {
  readonly feed: number;
  readonly kind: ChangeKind;
  readonly keys: Buffer;
}

/** Change feeds of a store, and the rows that they tell of. */
export interface FeedRows {
  /** Since when lines have been taken of which there are no rows; undefined where there are. */
  bronzeOnlySince(): Promise<string | undefined>;
  /** Answers an inquiry, all of it in the state of the store that the feeds are of. */
  find<Found>(inquiry: (feeds: StoredFeeds) => FeedInquiry<Found>): Promise<Found>;
  /** Units of some pages, in the order of these, all in the state of the store that the feeds are of. */
  units(pages: (feeds: StoredFeeds) => readonly UnitPage[]): Promise<readonly (readonly PackedUnit[])[]>;
  /** The rows of these keys, in their order. */
  priceEvents(keys: readonly PriceChange[]): Promise<(PriceEvent | undefined)[]>;
  /** The current versions of these minutes, in their order. */
  minutes(keys: readonly CandleChange[]): Promise<(StoredCandle | undefined)[]>;
}

/** Equal texts mean that nothing was committed in between. */
export function feedsVersion({ generation, ends }: StoredFeeds): string {
  return [generation, ...ends.map(({ feed, next }) => `${feed}:${next}`)].join(' ');
}

export class ChangeFeed extends ChangeFeedReader {
  constructor(private readonly rows: FeedRows) {
    super();
  }

  async unavailable(): Promise<string | undefined> {
    const since = await this.rows.bronzeOnlySince();
    return since === undefined ? undefined : 'ENABLE_DB_SINK=false keeps raw files only: there are no rows to stream';
  }

  end(): Promise<FeedPosition> {
    return this.rows.find(endOf);
  }

  at(time: EpochMicros): Promise<FeedPosition> {
    return this.rows.find((feeds) => placeAt(feeds, time));
  }

  resume(position: FeedPosition): Promise<Resumption> {
    return this.rows.find((feeds) => resumptionOf(feeds, position));
  }

  async units(position: FeedPosition, limit: number, until?: FeedPosition): Promise<FeedUnit[]> {
    const found = await this.rows.units(({ ends }) =>
      ends.map(({ feed, next }) => ({
        feed,
        from: position.next.get(feed) ?? 0,
        until: until ? Math.min(next, until.next.get(feed) ?? 0) : next,
        limit,
      })),
    );
    return mergeByCommit(found, limit).map(({ feed, position: at, committedAt, kind, keys }) => ({
      feed,
      position: at,
      committedAt,
      change: unpackChange(kind, keys),
    }));
  }

  priceEvents(keys: readonly PriceChange[]): Promise<(PriceEvent | undefined)[]> {
    return this.rows.priceEvents(keys);
  }

  minutes(keys: readonly CandleChange[]): Promise<(StoredCandle | undefined)[]> {
    return this.rows.minutes(keys);
  }
}

const nextsOf = ({ ends }: StoredFeeds): Map<number, number> => new Map(ends.map(({ feed, next }) => [feed, next]));
const feedsOf = ({ ends }: StoredFeeds): number[] => ends.map(({ feed }) => feed);

function* endOf(feeds: StoredFeeds): FeedInquiry<FeedPosition> {
  const newest = yield { which: 'newest', feeds: feedsOf(feeds) };
  const times = newest.flatMap((unit) => unit?.committedAt ?? []);
  const committedAt = times.length === 0 ? null : Math.max(...times);
  return { generation: feeds.generation, next: nextsOf(feeds), within: null, committedAt };
}

function* placeAt(feeds: StoredFeeds, time: EpochMicros): FeedInquiry<FeedPosition> {
  const first = yield { which: { since: time }, feeds: feedsOf(feeds) };
  const next = feeds.ends.map((end, index) => [end.feed, first[index]?.position ?? end.next] as const);
  return { generation: feeds.generation, next: new Map(next), within: null, committedAt: time };
}

/** A feed that was made after the position was given out is read from its begin: the position does not name it. */
function* resumptionOf(feeds: StoredFeeds, position: FeedPosition): FeedInquiry<Resumption> {
  if (!isOf(feeds, position)) return { from: yield* endOf(feeds), isWhole: false };
  const oldest = yield { which: 'oldest', feeds: feedsOf(feeds) };
  let isWhole = true;
  const next = new Map<number, number>();
  for (const [index, end] of feeds.ends.entries()) {
    const asked = position.next.get(end.feed) ?? 0;
    const kept = oldest[index]?.position ?? end.next;
    if (asked < kept) isWhole = false;
    next.set(end.feed, Math.max(asked, kept));
  }
  const { within, committedAt } = position;
  const isWithin = within !== null && next.get(within.feed) === position.next.get(within.feed);
  return { from: { generation: feeds.generation, next, within: isWithin ? within : null, committedAt }, isWhole };
}

/** Whether these feeds have come as far as the position, so that it may have been given out of them. */
function isOf(feeds: StoredFeeds, { generation, next, within }: FeedPosition): boolean {
  const ends = nextsOf(feeds);
  return (
    generation === feeds.generation &&
    [...next].every(([feed, position]) => position <= (ends.get(feed) ?? 0)) &&
    (within === null || ends.has(within.feed))
  );
}

/** Units of several feeds as one row: each feed keeps its order, whatever its clock said. */
function mergeByCommit(feeds: readonly (readonly PackedUnit[])[], limit: number): PackedUnit[] {
  const merged: PackedUnit[] = [];
  const heads = feeds.map(() => 0);
  while (merged.length < limit) {
    let first: { readonly feed: number; readonly unit: PackedUnit } | undefined;
    for (const [feed, units] of feeds.entries()) {
      const unit = units[heads[feed] ?? 0];
      if (unit && (first === undefined || unit.committedAt < first.unit.committedAt)) first = { feed, unit };
    }
    if (first === undefined) break;
    heads[first.feed] = (heads[first.feed] ?? 0) + 1;
    merged.push(first.unit);
  }
  return merged;
}
