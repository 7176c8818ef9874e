import type { CandleChange, ChangeKind, EpochMicros, PriceChange, PriceEvent, StoredCandle } from '@app/domain';
import {
  BRONZE_ONLY_FACT,
  type FeedInquiry,
  type FeedRows,
  type PackedUnit,
  type StoredFeeds,
  type UnitPage,
  type UnitPlace,
  type UnitQuestion,
} from '@app/history';
import { FEED_GENERATION_FACT } from '../database/store-facts';
import { MINUTE_COLUMNS, toStoredMinute, type MinuteCandleRow } from './candle-row';
import { PRICE_EVENT_COLUMNS, toPriceEvent, type PriceEventValues } from './price-event-row';
import type { ReadStore } from './read-store';

const ENDS = 'SELECT id, next_position FROM feeds ORDER BY id';

const OLDEST = 'SELECT position, committed_at FROM changes WHERE feed = ? ORDER BY position LIMIT 1';
const NEWEST = 'SELECT position, committed_at FROM changes WHERE feed = ? ORDER BY position DESC LIMIT 1';
const SINCE = `
  SELECT position, committed_at FROM changes WHERE feed = ? AND committed_at >= ? ORDER BY position LIMIT 1`;

const UNITS = `
  SELECT position, committed_at, kind, keys FROM changes
  WHERE feed = ? AND position >= ? AND position < ? ORDER BY position LIMIT +?`;

const PRICE_EVENT = `SELECT ${PRICE_EVENT_COLUMNS} FROM price_events WHERE symbol = ? AND timestamp = ? AND source = ?`;
const MINUTE = `SELECT ${MINUTE_COLUMNS} FROM candles_1m WHERE symbol = ? AND open_time = ?`;

type UnitParameters = [feed: number, from: number, until: number, limit: number];
type UnitValues = readonly [position: number, committedAt: EpochMicros, kind: ChangeKind, keys: Buffer];

/** The feeds as they are now: for a reading that sees one state of the store. */
export function storedFeeds(store: ReadStore): StoredFeeds {
  const ends = store.rawStatement<[], readonly [feed: number, next: number]>(ENDS).all();
  return {
    generation: factIn(store, FEED_GENERATION_FACT) ?? '',
    ends: ends.map(([feed, next]) => ({ feed, next })),
  };
}

function factIn(store: ReadStore, name: string): string | undefined {
  const sql = 'SELECT value FROM store_facts WHERE name = ?';
  return store.rawStatement<[string], readonly [string]>(sql).get(name)?.[0];
}

export class SqliteFeedRows implements FeedRows {
  constructor(private readonly store: ReadStore) {}

  bronzeOnlySince(): Promise<string | undefined> {
    return this.store.read(() => factIn(this.store, BRONZE_ONLY_FACT));
  }

  find<Found>(inquiry: (feeds: StoredFeeds) => FeedInquiry<Found>): Promise<Found> {
    return this.store.readInOneState(() => {
      const steps = inquiry(storedFeeds(this.store));
      let step = steps.next([]);
      while (!step.done) step = steps.next(this.places(step.value));
      return step.value;
    });
  }

  units(pages: (feeds: StoredFeeds) => readonly UnitPage[]): Promise<PackedUnit[][]> {
    return this.store.readInOneState(() => {
      const statement = this.store.rawStatement<UnitParameters, UnitValues>(UNITS);
      return pages(storedFeeds(this.store)).map(({ feed, from, until, limit }) =>
        statement
          .all(feed, from, until, limit)
          .map(([position, committedAt, kind, keys]) => ({ feed, position, committedAt, kind, keys })),
      );
    });
  }

  priceEvents(keys: readonly PriceChange[]): Promise<(PriceEvent | undefined)[]> {
    return this.store.read(() => {
      const statement = this.store.rawStatement<[string, number, string], PriceEventValues>(PRICE_EVENT);
      return keys.map(({ symbol, timestamp, source }) => {
        const row = statement.get(symbol, timestamp, source);
        return row && toPriceEvent(row);
      });
    });
  }

  minutes(keys: readonly CandleChange[]): Promise<(StoredCandle | undefined)[]> {
    return this.store.read(() => {
      const statement = this.store.statement<[string, number], MinuteCandleRow>(MINUTE);
      return keys.map(({ symbol, openTime }) => {
        const row = statement.get(symbol, openTime);
        return row && toStoredMinute(row);
      });
    });
  }

  private places({ which, feeds }: UnitQuestion): (UnitPlace | undefined)[] {
    return feeds.map((feed) => {
      const row = this.place(which, feed);
      return row && { position: row[0], committedAt: row[1] };
    });
  }

  private place(which: UnitQuestion['which'], feed: number): readonly [number, EpochMicros] | undefined {
    if (typeof which === 'object') {
      return this.store
        .rawStatement<[number, EpochMicros], readonly [number, EpochMicros]>(SINCE)
        .get(feed, which.since);
    }
    return this.store
      .rawStatement<[number], readonly [number, EpochMicros]>(which === 'oldest' ? OLDEST : NEWEST)
      .get(feed);
  }
}
