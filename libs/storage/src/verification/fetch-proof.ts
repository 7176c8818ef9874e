import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { contentLine, MANIFEST_FILE, readManifest, type BronzeArchive } from '@app/bronze';
import {
  archiveRowLine,
  DAY,
  type FetchMismatch,
  type FetchReport,
  type RecordedFetch,
  type TimeRange,
} from '@app/domain';
import { toMinuteCandle } from '../sink/candle-row';
import type { RowVersions } from './row-versions';

/**
 * Holds the rows of each fetch against the hash that the manifest has of it. What was fetched has no lines in bronze, and
 * a number within an hour shows in no roll-up: only the hash tells that it is still the one that came.
 */
export class FetchProof {
  constructor(
    private readonly archive: BronzeArchive,
    private readonly versions: RowVersions,
  ) {}

  async run(signal: AbortSignal): Promise<FetchReport> {
    const mismatches: FetchMismatch[] = [];
    const counts = { proved: 0, unproved: 0 };
    for (const fetch of this.fetches()) {
      signal.throwIfAborted();
      const outcome = await this.check(fetch);
      if (outcome === 'mismatch') {
        const { symbol, range, kind, rows, line } = fetch;
        mismatches.push({ symbol, range, kind, rows, line: line + 1 });
      } else {
        counts[outcome] += 1;
      }
    }
    return { ...counts, mismatches };
  }

  private fetches(): RecordedFetch[] {
    const { entries } = readManifest(this.archive.pathOf(MANIFEST_FILE), this.archive.storedLength(MANIFEST_FILE) ?? 0);
    return entries.flatMap((entry) => (entry.kind === 'fetch' && entry.fetch.rows > 0 ? [entry.fetch] : []));
  }

  /** `unproved` where rows of the fetch are not kept as they came: they repeated others, or their time of retention is over. */
  private async check({
    kind,
    symbol,
    range,
    rows,
    sha256,
    fetchedAt,
  }: RecordedFetch): Promise<'proved' | 'unproved' | 'mismatch'> {
    const lineOf = kind === 'archive' || kind === 'import' ? archiveRowLine : contentLine;
    const hash = createHash('sha256');
    let found = 0;
    for (const part of daysOf(range)) {
      for (const row of this.versions.capturedAt(symbol, part, fetchedAt)) {
        hash.update(lineOf(toMinuteCandle(row)));
        found += 1;
      }
      await nextTurn();
    }
    if (found !== rows) return 'unproved';
    return hash.digest('hex') === sha256 ? 'proved' : 'mismatch';
  }
}

function* daysOf({ start, end }: TimeRange): Generator<TimeRange> {
  for (let from = start; from < end; from += DAY) yield { start: from, end: Math.min(end, from + DAY) };
}
