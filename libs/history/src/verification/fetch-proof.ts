import {
  DAY,
  type FetchMismatch,
  type FetchReport,
  type MinuteCandle,
  type RecordedFetch,
  type TimeRange,
} from '@app/domain';
import type { RowFinder } from '../rows/unit';
import { minutesCapturedAt } from './row-captures';

/** The hash that the manifest has of fetched rows. */
export interface RowsHash {
  add(row: MinuteCandle): void;
  digest(): string;
}

/**
 * Holds the rows of each fetch against the hash that the manifest has of it. What was fetched has no lines in bronze, and
 * a number within an hour shows in no roll-up: only the hash tells that it is still the one that came.
 */
export async function proveFetches(
  store: RowFinder,
  fetches: Iterable<RecordedFetch>,
  hashOf: (kind: RecordedFetch['kind']) => RowsHash,
  signal: AbortSignal,
): Promise<FetchReport> {
  const mismatches: FetchMismatch[] = [];
  const counts = { proved: 0, unproved: 0 };
  for (const fetch of fetches) {
    if (fetch.rows === 0) continue;
    signal.throwIfAborted();
    const outcome = await proveFetch(store, fetch, hashOf(fetch.kind));
    if (outcome === 'mismatch') {
      const { symbol, range, kind, rows, line } = fetch;
      mismatches.push({ symbol, range, kind, rows, line: line + 1 });
    } else {
      counts[outcome] += 1;
    }
  }
  return { ...counts, mismatches };
}

/** `unproved` where rows of the fetch are not kept as they came: they repeated others, or their time of retention is over. */
async function proveFetch(
  store: RowFinder,
  { symbol, range, rows, sha256, fetchedAt }: RecordedFetch,
  hash: RowsHash,
): Promise<'proved' | 'unproved' | 'mismatch'> {
  let found = 0;
  for (const part of daysOf(range)) {
    for (const row of await store.find(minutesCapturedAt(symbol, part, fetchedAt))) {
      hash.add(row);
      found += 1;
    }
  }
  if (found !== rows) return 'unproved';
  return hash.digest() === sha256 ? 'proved' : 'mismatch';
}

function* daysOf({ start, end }: TimeRange): Generator<TimeRange> {
  for (let from = start; from < end; from += DAY) yield { start: from, end: Math.min(end, from + DAY) };
}
