import { createHash } from 'node:crypto';
import {
  checkEvent,
  HOUR,
  latestStamp,
  MINUTE,
  type CheckedEvent,
  type Clock,
  type EpochMicros,
  type EventKind,
  type EventKinds,
} from '@app/domain';
import type { KindOutcome } from '@app/history';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import { BRONZE_ONLY_FACT, StoreFacts } from '../database/store-facts';
import type { KindWriter, KindWriters } from './event-writer';

/** How long the key of an event is remembered: a broker or spool that brings it again later than this doubles it. */
const REMEMBERED: EpochMicros = 48 * HOUR;
const FORGET_EVERY: EpochMicros = 10 * MINUTE;

interface KeyRow {
  readonly source: string;
  readonly captured_at: number;
  readonly numbers_hash: string;
  /** Of a repeat that an earlier version of this program kept without its line: it is written if it becomes a version. */
  readonly line: string | null;
}

interface EventOutcome {
  readonly outcome: KindOutcome['outcomes'][number];
  /** Whether the key was not known, so that its line belongs into bronze. */
  readonly isKept: boolean;
  /** Lines of repeats that were not written when they came, and that this capture has made versions. */
  readonly promoted: readonly string[];
}

const REPEAT: EventOutcome = { outcome: 'repeat', isKept: false, promoted: [] };
const TAKEN: EventOutcome = { outcome: 'taken', isKept: true, promoted: [] };

/**
 * In place of rows, the keys of what was taken: for a store that keeps bronze files only. A line is written once here
 * too: of what may be revised, every capture that differs from those known in its time or its content, as where there are
 * rows.
 */
export function rememberedKeys(kinds: EventKinds, database: SqliteHandle, clock: Clock): KindWriters {
  const keys = new TakenKeys(database, clock);
  return new Map([...kinds].map((kind) => [kind.name, new KindKeys(kind, keys)]));
}

/** The keys of one kind. */
class KindKeys implements KindWriter {
  constructor(
    private readonly kind: EventKind,
    private readonly keys: TakenKeys,
  ) {}

  write(events: readonly CheckedEvent[]): KindOutcome {
    const { kind, keys } = this;
    const written = events.map(({ event }) => {
      const content = kind.contentOf?.(event);
      return content === undefined ? keys.takeOnce(kind, event) : keys.takeCapture(kind, event, content);
    });
    const newest = events.at(-1);
    if (newest) keys.afterwards(kind.capturedAt(newest.event));
    return {
      outcomes: written.map(({ outcome }) => outcome),
      kept: written.map(({ isKept }) => isKept),
      promoted: written.flatMap(({ promoted }) => promoted.map((line) => checkEvent(kind, line))),
      // Nothing can be read here, so there is nothing to tell a reader of.
      changes: [],
    };
  }
}

/** Keys that were taken lately, of all kinds. Inside write units only. */
class TakenKeys {
  private readonly insert: Statement<[string, string, number, string, number, string]>;
  private readonly isTaken: Statement<[string, string, number, string], 1>;
  private readonly selectCaptures: Statement<[string, string, number], KeyRow>;
  private readonly lineWritten: Statement<[string, string, number, string, number, string]>;
  private readonly forget: Statement<[number]>;
  private readonly facts: StoreFacts;
  private forgottenAt = -Infinity;

  constructor(
    database: SqliteHandle,
    private readonly clock: Clock,
  ) {
    this.insert = database.prepare(
      `INSERT OR IGNORE INTO taken_keys (kind, symbol, time, source, captured_at, numbers_hash, line)
       VALUES (?, ?, ?, ?, ?, ?, NULL)`,
    );
    this.isTaken = database
      .prepare<[string, string, number, string], 1>(
        'SELECT 1 FROM taken_keys WHERE kind = ? AND symbol = ? AND time = ? AND source = ?',
      )
      .pluck();
    this.selectCaptures = database.prepare(
      `SELECT source, captured_at, numbers_hash, line FROM taken_keys
       WHERE kind = ? AND symbol = ? AND time = ? ORDER BY captured_at`,
    );
    this.lineWritten = database.prepare(
      `UPDATE taken_keys SET line = NULL WHERE kind = ? AND symbol = ? AND time = ? AND source = ?
         AND captured_at = ? AND numbers_hash = ?`,
    );
    this.forget = database.prepare('DELETE FROM taken_keys WHERE captured_at < ?');
    this.facts = new StoreFacts(database);
  }

  /** Of a key that is accepted once, whenever it was captured. */
  takeOnce(kind: EventKind, event: unknown): EventOutcome {
    const { symbol, time, source } = kind.keyOf(event);
    const capturedAt = kind.capturedAt(event);
    // The rows tell captures apart, too. What is captured at the time that it speaks of is the same capture each time.
    if (capturedAt !== time && this.isTaken.get(kind.name, symbol, time, source) !== undefined) return REPEAT;
    const isNew = this.insert.run(kind.name, symbol, time, source, capturedAt, '').changes === 1;
    return isNew ? TAKEN : REPEAT;
  }

  /** Of a key that may be revised, whichever source says so. */
  takeCapture(kind: EventKind, event: unknown, content: string): EventOutcome {
    const { name } = kind;
    const { symbol, time, source } = kind.keyOf(event);
    const capturedAt = kind.capturedAt(event);
    const hash = createHash('sha256').update(content).digest('base64url');
    const captures = this.selectCaptures.all(name, symbol, time);
    const sameInstant = captures.filter((row) => row.captured_at === capturedAt);
    if (sameInstant.some((row) => row.numbers_hash === hash)) return REPEAT;
    const before = lastInstant(captures.filter((row) => row.captured_at < capturedAt));
    const after = firstInstant(captures.filter((row) => row.captured_at > capturedAt));
    const repeats = sameInstant.length === 0 && before.length > 0 && before.every((row) => row.numbers_hash === hash);
    this.insert.run(name, symbol, time, source, capturedAt, hash);
    if (repeats) return { outcome: 'repeat', isKept: true, promoted: [] };
    // Those of the same instant may come after this one, and then are no repeats of what was before.
    const followers = after.filter((row) => row.numbers_hash !== hash || sameInstant.length > 0);
    const promoted = [...sameInstant, ...followers].flatMap((row) => {
      if (row.line === null) return [];
      this.lineWritten.run(name, symbol, time, row.source, row.captured_at, row.numbers_hash);
      return [row.line];
    });
    // An earlier capture of a version that was known adds none.
    const isKnown = captures.length === 0 || (after.length > 0 && after.every((row) => row.numbers_hash === hash));
    return { outcome: isKnown ? 'taken' : 'revision', isKept: true, promoted };
  }

  /** After events of which the last was captured then. */
  afterwards(capturedAt: EpochMicros): void {
    // A clock that was ahead would have what is young forgotten.
    const time = Math.min(capturedAt, latestStamp(this.clock.now()));
    if (this.facts.get(BRONZE_ONLY_FACT) === undefined) this.facts.set(BRONZE_ONLY_FACT, String(time));
    if (time - this.forgottenAt < FORGET_EVERY) return;
    this.forgottenAt = time;
    this.forget.run(time - REMEMBERED);
  }
}

/** Of ascending captures, those of the last instant. */
function lastInstant(captures: readonly KeyRow[]): KeyRow[] {
  return captures.filter((row) => row.captured_at === captures.at(-1)?.captured_at);
}

/** Of ascending captures, those of the first instant. */
function firstInstant(captures: readonly KeyRow[]): KeyRow[] {
  return captures.filter((row) => row.captured_at === captures[0]?.captured_at);
}
