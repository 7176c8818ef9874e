import { existsSync } from 'node:fs';
import { linesFrom } from './bronze-lines';
import type { UnreadableLine } from './bronze-losses.port';
import { manifestLineFault, readManifestEntry, type ManifestEntry } from './manifest-entry';

/** All that a manifest says. */
export interface ManifestContents {
  readonly entries: readonly ManifestEntry[];
  readonly unreadable: readonly UnreadableLine[];
  /** Where its last complete line ends. */
  readonly end: number;
}

/** Reads the complete lines of a manifest that end before an offset; nothing of one that is not there. */
export function readManifest(path: string, until = Infinity): ManifestContents {
  const entries: ManifestEntry[] = [];
  const unreadable: UnreadableLine[] = [];
  let [number, end] = [0, 0];
  for (const line of existsSync(path) ? linesFrom(path, 0) : []) {
    if (line.end > until) break;
    const entry = readManifestEntry(line.text, number);
    number += 1;
    if (entry) entries.push(entry);
    else unreadable.push(...manifestLineFault(line.text, number));
    end = line.end;
  }
  return { entries, unreadable, end };
}
