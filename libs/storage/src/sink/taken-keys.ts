import { createHash } from 'node:crypto';
import {
  HOUR,
  latestStamp,
  MINUTE,
  parseDecimal,
  formatDecimal,
  type Clock,
  type EpochMicros,
  type SinkResult,
} from '@app/domain';
import type { CandleNumbers, MinuteCandle, PriceEvent } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import { BRONZE_ONLY_FACT, StoreFacts } from '../database/store-facts';
import { checkEvent, type CheckedEvent } from './checked-event';
import type { EventRows, WrittenEvents } from './event-writer';

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
  readonly fate: keyof SinkResult;
  /** Whether the key was not known, so that its line belongs into bronze. */
  readonly isKept: boolean;
  /** Lines of repeats that were not written when they came, and that this capture has made versions. */
  readonly surfaced: readonly string[];
}

const REPEAT: EventOutcome = { fate: 'repeats', isKept: false, surfaced: [] };

/**
 * In place of rows, the keys of what was taken: for a store that keeps bronze files only. A line is written once here
 * too: of a candle, every capture that differs from those known in its time or its numbers, as where there are rows.
 */
export class TakenKeys implements EventRows {
  private readonly insert: Statement<[string, string, number, string, number, string]>;
  private readonly selectCaptures: Statement<[string, number], KeyRow>;
  private readonly lineWritten: Statement<[string, number, string, number, string]>;
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
    this.selectCaptures = database.prepare(
      `SELECT source, captured_at, numbers_hash, line FROM taken_keys
       WHERE kind = 'candle' AND symbol = ? AND time = ? ORDER BY captured_at`,
    );
    this.lineWritten = database.prepare(
      `UPDATE taken_keys SET line = NULL WHERE kind = 'candle' AND symbol = ? AND time = ? AND source = ?
         AND captured_at = ? AND numbers_hash = ?`,
    );
    this.forget = database.prepare('DELETE FROM taken_keys WHERE captured_at < ?');
    this.facts = new StoreFacts(database);
  }

  write(events: readonly CheckedEvent[]): WrittenEvents {
    const result = { taken: 0, repeats: 0, revisions: 0 };
    const surfaced: CheckedEvent[] = [];
    const kept: CheckedEvent[] = [];
    const taken: CheckedEvent[] = [];
    for (const checked of events) {
      const outcome = checked.kind === 'price' ? this.price(checked.event) : this.candle(checked.event);
      surfaced.push(...outcome.surfaced.map((line) => checkEvent('candle', line)));
      result[outcome.fate] += 1;
      if (outcome.isKept) kept.push(checked);
      if (outcome.fate !== 'repeats') taken.push(checked);
    }
    const newest = events.at(-1);
    const stamp = newest?.kind === 'price' ? newest.event.timestamp : newest?.event.capturedAt;
    // A clock that was ahead would have what is young forgotten.
    if (stamp !== undefined) this.afterwards(Math.min(stamp, latestStamp(this.clock.now())));
    // Nothing can be read here, so there is nothing to tell a reader of.
    return { result, kept: [...surfaced, ...kept], taken: [...surfaced, ...taken], changes: [] };
  }

  private price({ symbol, timestamp, source }: PriceEvent): EventOutcome {
    const isNew = this.insert.run('price', symbol, timestamp, source, timestamp, '').changes === 1;
    return isNew ? { fate: 'taken', isKept: true, surfaced: [] } : REPEAT;
  }

  private candle(candle: MinuteCandle): EventOutcome {
    const { symbol, openTime, source, capturedAt } = candle;
    const hash = hashOfNumbers(candle);
    const captures = this.selectCaptures.all(symbol, openTime);
    const sameInstant = captures.filter((row) => row.captured_at === capturedAt);
    if (sameInstant.some((row) => row.numbers_hash === hash)) return REPEAT;
    const before = lastInstant(captures.filter((row) => row.captured_at < capturedAt));
    const after = firstInstant(captures.filter((row) => row.captured_at > capturedAt));
    const repeats = sameInstant.length === 0 && before.length > 0 && before.every((row) => row.numbers_hash === hash);
    this.insert.run('candle', symbol, openTime, source, capturedAt, hash);
    if (repeats) return { fate: 'repeats', isKept: true, surfaced: [] };
    // Those of the same instant may come after this one, and then are no repeats of what was before.
    const followers = after.filter((row) => row.numbers_hash !== hash || sameInstant.length > 0);
    const surfaced = [...sameInstant, ...followers].flatMap((row) => {
      if (row.line === null) return [];
      this.lineWritten.run(symbol, openTime, row.source, row.captured_at, row.numbers_hash);
      return [row.line];
    });
    // An earlier capture of a version that was known adds none.
    const isKnown = captures.length === 0 || (after.length > 0 && after.every((row) => row.numbers_hash === hash));
    return { fate: isKnown ? 'taken' : 'revisions', isKept: true, surfaced };
  }

  private afterwards(time: EpochMicros): void {
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

/** The same for numbers that are equal, however many zeros they are written with. */
function hashOfNumbers(candle: CandleNumbers): string {
  const numbers = [
    candle.open,
    candle.high,
    candle.low,
    candle.close,
    candle.volume,
    candle.quoteVolume,
    candle.takerBuyVolume,
    candle.takerBuyQuoteVolume,
  ].map(shortest);
  return createHash('sha256')
    .update([...numbers, String(candle.tradeCount)].join(' '))
    .digest('base64url');
}

function shortest(text: string): string {
  const plain = formatDecimal(parseDecimal(text));
  return plain.includes('.') ? plain.replace(/\.?0+$/, '') : plain;
}
