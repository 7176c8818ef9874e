import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { LostSpan } from '@app/domain';
import { readJsonFile } from './json-file';
import { readLostSpans } from './loss-record';
import { DAMAGED_SUFFIX, segmentFile, type SegmentFile } from './segment';

/** Files beside the segments of a spool. */
export const CURSOR_FILE = 'cursor.json';
export const LOSSES_FILE = 'losses.json';
export const BALLAST_FILES = { events: 'ballast', note: 'ballast.note' } as const;

/** Where reading goes on: a segment and a byte in it. */
export interface Cursor {
  readonly segment: number;
  readonly offset: number;
}

/** What a spool gave up. */
export interface StoredLosses {
  readonly spans: LostSpan[];
  /** Segments that are counted in it and may be there still. */
  readonly givenUp: readonly number[];
}

/** The segments in a folder, the oldest first. */
export function segmentFiles(folder: string): SegmentFile[] {
  return readdirSync(folder)
    .map(segmentFile)
    .filter((file) => file !== undefined)
    .sort((a, b) => a.number - b.number);
}

/** A number that no segment of the folder has or has had. */
export function nextNumber(folder: string, cursor: Cursor, givenUp: readonly number[]): number {
  const used = readdirSync(folder).map((name) => segmentFile(name.replace(DAMAGED_SUFFIX, ''))?.number ?? 0);
  return [cursor.segment, ...givenUp, ...used].reduce((a, b) => Math.max(a, b), 0) + 1;
}

/** Before the first segment where there is none, and where it is not readable, which is told. */
export function readCursor(folder: string, unreadable: (reason: string) => void = () => undefined): Cursor {
  const stored = readJsonFile(join(folder, CURSOR_FILE), unreadable);
  const { segment, offset } = (stored ?? {}) as Partial<Record<keyof Cursor, unknown>>;
  const isReadable = Number.isSafeInteger(segment) && Number.isSafeInteger(offset);
  return isReadable ? { segment: Number(segment), offset: Number(offset) } : { segment: 0, offset: 0 };
}

/** None where there is no account, and where it is not readable, which is told. */
export function readLosses(folder: string, unreadable: (reason: string) => void = () => undefined): StoredLosses {
  const stored = readJsonFile(join(folder, LOSSES_FILE), unreadable);
  const { spans, given_up: givenUp } = (stored ?? {}) as { spans?: unknown; given_up?: unknown };
  return {
    spans: readLostSpans(spans),
    givenUp: Array.isArray(givenUp) ? givenUp.filter(Number.isSafeInteger).map(Number) : [],
  };
}
