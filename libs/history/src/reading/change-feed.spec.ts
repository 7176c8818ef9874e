import { packChange, type EpochMicros, type FeedPosition, type FeedUnit } from '@app/domain';
import fc from 'fast-check';
import {
  ChangeFeed,
  feedsVersion,
  type FeedInquiry,
  type FeedRows,
  type PackedUnit,
  type StoredFeeds,
  type UnitPage,
  type UnitPlace,
  type UnitQuestion,
} from './change-feed';

const GENERATION = '0123456789abcdef';

/** Feeds in memory: the units of each, by its number. */
class MemoryFeeds implements FeedRows {
  readonly kept = new Map<number, PackedUnit[]>();
  /** How often single units were asked for. */
  questions = 0;

  constructor(readonly bronzeOnly?: string) {}

  get feeds(): StoredFeeds {
    const ends = [...this.ends].sort(([a], [b]) => a - b).map(([feed, next]) => ({ feed, next }));
    return { generation: GENERATION, ends };
  }

  private readonly ends = new Map<number, number>();

  commit(feed: number, committedAt: EpochMicros): void {
    const position = this.ends.get(feed) ?? 0;
    const keys = packChange({ kind: 'candles', items: [{ symbol: `F${feed}`, openTime: position, revision: 1 }] });
    this.kept.set(feed, [...(this.kept.get(feed) ?? []), { feed, position, committedAt, kind: 'candles', keys }]);
    this.ends.set(feed, position + 1);
  }

  removeOldest(feed: number, units: number): void {
    this.kept.set(feed, (this.kept.get(feed) ?? []).slice(units));
  }

  bronzeOnlySince(): Promise<string | undefined> {
    return Promise.resolve(this.bronzeOnly);
  }

  find<Found>(inquiry: (feeds: StoredFeeds) => FeedInquiry<Found>): Promise<Found> {
    const steps = inquiry(this.feeds);
    let step = steps.next([]);
    while (!step.done) step = steps.next(this.places(step.value));
    return Promise.resolve(step.value);
  }

  units(pages: (feeds: StoredFeeds) => readonly UnitPage[]): Promise<PackedUnit[][]> {
    const found = pages(this.feeds).map(({ feed, from, until, limit }) =>
      this.of(feed)
        .filter(({ position }) => position >= from && position < until)
        .slice(0, limit),
    );
    return Promise.resolve(found);
  }

  priceEvents(): never {
    throw new Error('rows are not asked for here');
  }

  minutes(): never {
    throw new Error('rows are not asked for here');
  }

  private places({ which, feeds }: UnitQuestion): (UnitPlace | undefined)[] {
    this.questions += 1;
    return feeds.map((feed) => {
      if (which === 'oldest') return this.of(feed)[0];
      if (which === 'newest') return this.of(feed).at(-1);
      return this.of(feed).find(({ committedAt }) => committedAt >= which.since);
    });
  }

  private of(feed: number): readonly PackedUnit[] {
    return this.kept.get(feed) ?? [];
  }
}

/** Commits of a few feeds: of which feed, and at what time, which may go back. */
const commits = fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat({ max: 20 })), { maxLength: 30 });

function feedsOf(units: readonly (readonly [number, EpochMicros])[]): MemoryFeeds {
  const feeds = new MemoryFeeds();
  for (const [feed, committedAt] of units) feeds.commit(feed, committedAt);
  return feeds;
}

const name = ({ feed, position }: Pick<FeedUnit, 'feed' | 'position'>): string => `${feed}/${position}`;

/** Behind these units: where a reader is that was given them. */
function behind(position: FeedPosition, units: readonly FeedUnit[]): FeedPosition {
  const next = new Map(position.next);
  for (const unit of units) next.set(unit.feed, unit.position + 1);
  return { ...position, next };
}

/** All units from a position on, page by page, each page from where the last one was resumed. */
async function readAll(reader: ChangeFeed, start: FeedPosition, limit: number): Promise<FeedUnit[]> {
  const seen: FeedUnit[] = [];
  for (let position = start; ;) {
    const { from, isWhole } = await reader.resume(position);
    expect(isWhole).toBe(true);
    const units = await reader.units(from, limit);
    if (units.length === 0) return seen;
    expect(units.length).toBeLessThanOrEqual(limit);
    seen.push(...units);
    position = behind(from, units);
  }
}

const limits = fc.integer({ min: 1, max: 5 });

describe('change feeds', () => {
  it('should tell every unit once behind an end, each feed in its order, those of feeds made later too', async () => {
    await fc.assert(
      fc.asyncProperty(commits, commits, limits, async (before, after, limit) => {
        const feeds = feedsOf(before);
        const reader = new ChangeFeed(feeds);
        const end = await reader.end();
        for (const [feed, committedAt] of after) feeds.commit(feed, committedAt);
        const seen = await readAll(reader, end, limit);
        for (const { feed, next } of feeds.feeds.ends) {
          const told = seen.filter((unit) => unit.feed === feed).map(({ position }) => position);
          const first = end.next.get(feed) ?? 0;
          expect(told).toEqual(Array.from({ length: next - first }, (_, index) => first + index));
        }
      }),
    );
  });

  it('should tell units of several feeds by the time of their commit where no clock went back', async () => {
    await fc.assert(
      fc.asyncProperty(commits, limits, async (units, limit) => {
        const feeds = feedsOf([...units].sort(([, a], [, b]) => a - b));
        const reader = new ChangeFeed(feeds);
        const seen = await readAll(reader, { ...(await reader.end()), next: new Map() }, limit);
        expect(seen.map(({ committedAt }) => committedAt)).toEqual(units.map(([, at]) => at).sort((a, b) => a - b));
        expect(seen.every(({ change, feed }) => change.items.every(({ symbol }) => symbol === `F${feed}`))).toBe(true);
      }),
    );
  });

  it('should end at the newest commit of any feed', async () => {
    await fc.assert(
      fc.asyncProperty(commits, async (units) => {
        const newest = new Map(units);
        const { committedAt } = await new ChangeFeed(feedsOf(units)).end();
        expect(committedAt).toBe(newest.size === 0 ? null : Math.max(...newest.values()));
      }),
    );
  });

  it('should begin at the first unit of each feed since a time, and behind those without one', async () => {
    await fc.assert(
      fc.asyncProperty(commits, fc.nat({ max: 21 }), async (units, time) => {
        const feeds = feedsOf(units);
        const { next } = await new ChangeFeed(feeds).at(time);
        for (const end of feeds.feeds.ends) {
          const first = feeds.kept.get(end.feed)?.find(({ committedAt }) => committedAt >= time);
          expect(next.get(end.feed)).toBe(first?.position ?? end.next);
        }
      }),
    );
  });

  it('should stop before a position where one is given', async () => {
    const feeds = feedsOf([[1, 1]]);
    const reader = new ChangeFeed(feeds);
    const [start, until] = [{ ...(await reader.end()), next: new Map() }, await reader.end()];
    feeds.commit(1, 2);
    feeds.commit(2, 3);
    expect((await reader.units(start, 10, until)).map(name)).toEqual(['1/0']);
    expect((await reader.units(start, 10)).map(name)).toEqual(['1/0', '1/1', '2/0']);
  });

  it('should go on from what is left, and say so, where units that were asked for are gone', async () => {
    const removals = fc.array(fc.nat({ max: 8 }), { minLength: 3, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(commits, removals, fc.func(fc.nat()), async (units, removed, pick) => {
        const feeds = feedsOf(units);
        const reader = new ChangeFeed(feeds);
        const { ends } = feeds.feeds;
        const asked = new Map(ends.map(({ feed, next }) => [feed, pick(feed) % (next + 1)]));
        for (const [index, count] of removed.entries()) feeds.removeOldest(index + 1, count);
        const position = { ...(await reader.end()), next: asked, committedAt: 7 };
        const { from, isWhole } = await reader.resume(position);
        let isAllThere = true;
        for (const { feed, next } of ends) {
          const oldest = Math.min(next, removed[feed - 1] ?? 0);
          expect(from.next.get(feed)).toBe(Math.max(asked.get(feed) ?? 0, oldest));
          isAllThere &&= (asked.get(feed) ?? 0) >= oldest;
        }
        expect(isWhole).toBe(isAllThere);
        expect(from.committedAt).toBe(7);
      }),
    );
  });

  it('should go on within a unit that is still there, and at the oldest one otherwise', async () => {
    const feeds = feedsOf([
      [1, 1],
      [1, 2],
      [2, 2],
    ]);
    const reader = new ChangeFeed(feeds);
    const end = await reader.end();
    const position = {
      ...end,
      next: new Map([
        [1, 1],
        [2, 0],
      ]),
      within: { feed: 1, index: 3 },
    };
    expect(await reader.resume(position)).toEqual({ from: position, isWhole: true });
    feeds.removeOldest(1, 2);
    const gone = await reader.resume(position);
    expect(gone).toEqual({
      from: {
        ...position,
        next: new Map([
          [1, 2],
          [2, 0],
        ]),
        within: null,
      },
      isWhole: false,
    });
  });

  it.each([
    ['of another generation', { generation: 'fedcba9876543210' }],
    ['ahead of a feed', { next: new Map([[1, 2]]) }],
    ['of a feed that is not there', { next: new Map([[5, 1]]) }],
    ['within a unit of a feed that is not there', { within: { feed: 5, index: 0 } }],
  ])('should go on at their end from a position %s', async (_, other) => {
    const feeds = feedsOf([[1, 1]]);
    const reader = new ChangeFeed(feeds);
    const end = await reader.end();
    feeds.questions = 0;
    expect(await reader.resume({ ...end, ...other })).toEqual({ from: end, isWhole: false });
    expect(feeds.questions).toBe(1);
  });

  it('should have another version after every commit, and no other one before', () => {
    fc.assert(
      fc.property(commits, (units) => {
        const feeds = new MemoryFeeds();
        const versions = [feedsVersion(feeds.feeds)];
        for (const [feed, committedAt] of units) {
          expect(feedsVersion(feeds.feeds)).toBe(versions.at(-1));
          feeds.commit(feed, committedAt);
          versions.push(feedsVersion(feeds.feeds));
        }
        expect(new Set(versions).size).toBe(versions.length);
      }),
    );
  });

  it('should be unavailable where there are no rows', async () => {
    expect(await new ChangeFeed(new MemoryFeeds('1')).unavailable()).toContain('ENABLE_DB_SINK=false');
    expect(await new ChangeFeed(new MemoryFeeds()).unavailable()).toBeUndefined();
  });
});
