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
import { BRONZE_ONLY_FACT } from '@app/history';
import { FEED_GENERATION_FACT } from '../database/store-facts';
import { MINUTE_COLUMNS, toStoredMinute, type MinuteCandleRow } from './candle-row';
import { PRICE_EVENT_COLUMNS, toPriceEvent, type PriceEventValues } from './price-event-row';
import type { ReadStore } from './read-store';

interface FeedRow {
  readonly id: number;
  readonly next_position: number;
}

interface ChangeRow {
  readonly feed: number;
  readonly position: number;
  readonly committed_at: number;
  readonly kind: ChangeKind;
  readonly keys: Buffer;
}

type UnitParameters = [feed: number, from: number, until: number, limit: number];

/** Where each feed of a store ends, and which feeds these are. */
interface FeedEnds {
  readonly generation: string;
  readonly rows: readonly FeedRow[];
}

export class SqliteChangeFeedReader extends ChangeFeedReader {
  constructor(private readonly store: ReadStore) {
    super();
  }

  unavailable(): Promise<string | undefined> {
    return this.store.read(() => {
      const isBronzeOnly = this.fact(BRONZE_ONLY_FACT) !== undefined;
      return isBronzeOnly ? 'ENABLE_DB_SINK=false keeps raw files only: there are no rows to stream' : undefined;
    });
  }

  end(): Promise<FeedPosition> {
    return this.store.read(() => {
      const { generation, rows } = this.ends();
      return {
        generation,
        next: new Map(rows.map(({ id, next_position: next }) => [id, next])),
        within: null,
        committedAt: this.newestCommit(rows),
      };
    });
  }

  at(time: EpochMicros): Promise<FeedPosition> {
    return this.store.read(() => {
      const { generation, rows } = this.ends();
      const first = this.store.statement<[number, number], { position: number | null }>(
        'SELECT min(position) AS position FROM changes WHERE feed = ? AND committed_at >= ?',
      );
      const next = rows.map(({ id, next_position: end }) => [id, first.get(id, time)?.position ?? end] as const);
      return { generation, next: new Map(next), within: null, committedAt: time };
    });
  }

  resume(position: FeedPosition): Promise<Resumption> {
    return this.store.read(() => {
      const { generation, rows } = this.ends();
      const ends = new Map(rows.map(({ id, next_position: next }) => [id, next]));
      const isOurs =
        position.generation === generation &&
        [...position.next].every(([feed, next]) => next <= (ends.get(feed) ?? 0)) &&
        (position.within === null || ends.has(position.within.feed));
      if (!isOurs) {
        const end = { generation, next: ends, within: null, committedAt: this.newestCommit(rows) };
        return { from: end, isWhole: false };
      }
      let isWhole = true;
      const next = new Map<number, number>();
      for (const { id, next_position: end } of rows) {
        const asked = position.next.get(id) ?? 0;
        const oldest = this.oldest(id) ?? end;
        if (asked < oldest) isWhole = false;
        next.set(id, Math.max(asked, oldest));
      }
      const { within } = position;
      const isWithin = within !== null && next.get(within.feed) === position.next.get(within.feed);
      return {
        from: { generation, next, within: isWithin ? within : null, committedAt: position.committedAt },
        isWhole,
      };
    });
  }

  units(position: FeedPosition, limit: number, until?: FeedPosition): Promise<FeedUnit[]> {
    return this.store.read(() => {
      const statement = this.store.statement<UnitParameters, ChangeRow>(
        `SELECT feed, position, committed_at, kind, keys FROM changes
         WHERE feed = ? AND position >= ? AND position < ? ORDER BY position LIMIT ?`,
      );
      const found = this.ends().rows.map(({ id, next_position: end }) =>
        statement.all(id, position.next.get(id) ?? 0, Math.min(end, until ? (until.next.get(id) ?? 0) : end), limit),
      );
      return mergeByCommit(found, limit).map((row) => ({
        feed: row.feed,
        position: row.position,
        committedAt: row.committed_at,
        change: unpackChange(row.kind, row.keys),
      }));
    });
  }

  priceEvents(keys: readonly PriceChange[]): Promise<(PriceEvent | undefined)[]> {
    return this.store.read(() => {
      const statement = this.store.rawStatement<[string, number, string], PriceEventValues>(
        `SELECT ${PRICE_EVENT_COLUMNS} FROM price_events WHERE symbol = ? AND timestamp = ? AND source = ?`,
      );
      return keys.map(({ symbol, timestamp, source }) => {
        const row = statement.get(symbol, timestamp, source);
        return row && toPriceEvent(row);
      });
    });
  }

  minutes(keys: readonly CandleChange[]): Promise<(StoredCandle | undefined)[]> {
    return this.store.read(() => {
      const statement = this.store.statement<[string, number], MinuteCandleRow>(
        `SELECT ${MINUTE_COLUMNS} FROM candles_1m WHERE symbol = ? AND open_time = ?`,
      );
      return keys.map(({ symbol, openTime }) => {
        const row = statement.get(symbol, openTime);
        return row && toStoredMinute(row);
      });
    });
  }

  private ends(): FeedEnds {
    const rows = this.store.statement<[], FeedRow>('SELECT id, next_position FROM feeds ORDER BY id').all();
    return { generation: this.fact(FEED_GENERATION_FACT) ?? '', rows };
  }

  private fact(name: string): string | undefined {
    return this.store.statement<[string], { value: string }>('SELECT value FROM store_facts WHERE name = ?').get(name)
      ?.value;
  }

  private oldest(feed: number): number | undefined {
    return this.store
      .statement<[number], { position: number }>(
        'SELECT position FROM changes WHERE feed = ? ORDER BY position LIMIT 1',
      )
      .get(feed)?.position;
  }

  private newestCommit(rows: readonly FeedRow[]): EpochMicros | null {
    const statement = this.store.statement<[number], { committed_at: number }>(
      'SELECT committed_at FROM changes WHERE feed = ? ORDER BY position DESC LIMIT 1',
    );
    const times = rows.flatMap(({ id }) => statement.get(id)?.committed_at ?? []);
    return times.length === 0 ? null : Math.max(...times);
  }
}

/** Units of several feeds as one row: each feed keeps its order, whatever its clock said. */
function mergeByCommit(feeds: readonly (readonly ChangeRow[])[], limit: number): ChangeRow[] {
  const merged: ChangeRow[] = [];
  const heads = feeds.map(() => 0);
  while (merged.length < limit) {
    let first: { readonly feed: number; readonly row: ChangeRow } | undefined;
    for (const [feed, rows] of feeds.entries()) {
      const row = rows[heads[feed] ?? 0];
      if (row && (first === undefined || row.committed_at < first.row.committed_at)) first = { feed, row };
    }
    if (first === undefined) break;
    heads[first.feed] = (heads[first.feed] ?? 0) + 1;
    merged.push(first.row);
  }
  return merged;
}
