import { statSync } from 'node:fs';
import {
  FetchedRowsHash,
  foundDamage,
  LinesReplay,
  MANIFEST_FILE,
  readManifest,
  spansAfter,
  type BronzeArchive,
  type BronzeLosses,
} from '@app/bronze';
import { BronzeReplay, type RecordedFetch, type ReplayReport } from '@app/domain';
import type { ScratchFolders } from '@app/files';
import {
  clockSpans,
  describeAlteredLines,
  differencesOf,
  FetchedCaptures,
  lostWith,
  proveFetches,
  type HistoryKinds,
} from '@app/history';
import type { SqliteHandle } from '../database/sqlite-connection';
import { SqliteBackgroundFinder } from '../rows/sqlite-background-finder';
import { ScratchStore } from './scratch-store';

/** Replays bronze through the sink into a scratch store and compares the two, row by row and version by version. */
export class SqliteBronzeReplay extends BronzeReplay {
  constructor(
    private readonly database: SqliteHandle,
    private readonly archive: BronzeArchive,
    private readonly losses: BronzeLosses,
    private readonly kinds: HistoryKinds,
    private readonly scratchFolders: ScratchFolders,
  ) {
    super();
  }

  async compare(signal: AbortSignal): Promise<ReplayReport> {
    const { archive, losses, kinds } = this;
    // It holds what came as lines, and so no more rows than the store.
    const scratch = await ScratchStore.open(kinds, this.scratchFolders, statSync(this.database.name).size);
    try {
      const stored = new SqliteBackgroundFinder(this.database);
      scratch.know(await stored.find(clockSpans()));
      const replayed = new SqliteBackgroundFinder(scratch.database);
      const lines = new LinesReplay(archive, kinds, (events) => scratch.take(events));
      const fetched = (): FetchedCaptures => this.fetched();
      const differences = await differencesOf({ kinds, stored, replayed, lines, fetched }, signal);
      const damage = await foundDamage(
        {
          archive,
          losses,
          kinds,
          describe: (altered) => {
            const history = kinds.historyOf(altered.kind);
            const lost = lostWith(altered, history, differences);
            return describeAlteredLines(altered, { history, store: stored, lost });
          },
        },
        lines.unreadable,
        signal,
      );
      return {
        lines: lines.lines,
        since: lines.firstDay(kinds.topics),
        differences,
        damage,
        fetches: await proveFetches(stored, this.fetches(), (kind) => new FetchedRowsHash(kind), signal),
      };
    } finally {
      await scratch.close();
    }
  }

  /** What the manifest says of fetches as far as it is accounted for. */
  private fetches(): RecordedFetch[] {
    const { entries } = readManifest(this.archive.pathOf(MANIFEST_FILE), this.archive.storedLength(MANIFEST_FILE) ?? 0);
    return entries.flatMap((entry) => (entry.kind === 'fetch' ? [entry.fetch] : []));
  }

  private fetched(): FetchedCaptures {
    const fetched = new FetchedCaptures();
    const { entries } = readManifest(this.archive.pathOf(MANIFEST_FILE));
    for (const entry of entries) {
      if (entry.kind === 'fetch') fetched.add(entry.fetch, spansAfter(entries, entry.fetch.line));
    }
    return fetched;
  }
}
