import { createHash } from 'node:crypto';
import { HOUR, MINUTE, parseDecimal, formatDecimal, type EpochMicros, type SinkResult } from '@app/domain';
import type { CandleNumbers, MinuteCandle } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import { BRONZE_ONLY_FACT, StoreFacts } from '../database/store-facts';
import type { CheckedEvent, EventRows } from './event-writer';

/** How long the key of an event is remembered: a broker or spool that brings it again later than this doubles it. */
const REMEMBERED: EpochMicros = 48 * HOUR;
const FORGET_EVERY: EpochMicros = 10 * MINUTE;

interface KeyRow {
  readonly captured_at: number;
  readonly numbers_hash: string;
}

/**
 * In place of rows, the keys of what was taken: for a store that keeps bronze files only. A line is written once here
 * too; a candle with other numbers than the versions captured just before and after it is a revision.
 */
export class TakenKeys implements EventRows {
  private readonly insert: Statement<[string, string, number, string, number, string]>;
  private readonly neighbours: Statement<{ symbol: string; time: number; source: string; capturedAt: number }, KeyRow>;
  private readonly forget: Statement<[number]>;
  private readonly facts: StoreFacts;
  private forgottenAt = -Infinity;

  constructor(database: SqliteHandle) {
    this.insert = database.prepare(
      `INSERT OR IGNORE INTO taken_keys (kind, symbol, time, source, captured_at, numbers_hash) VALUES (?, ?, ?, ?, ?, ?)`,
    );
    this.neighbours = database.prepare(
      `SELECT captured_at, numbers_hash FROM (SELECT * FROM taken_keys
         WHERE kind = 'candle' AND symbol = @symbol AND time = @time AND source = @source AND captured_at <= @capturedAt
         ORDER BY captured_at DESC LIMIT 1)
       UNION ALL
       SELECT captured_at, numbers_hash FROM (SELECT * FROM taken_keys
         WHERE kind = 'candle' AND symbol = @symbol AND time = @time AND source = @source AND captured_at > @capturedAt
         ORDER BY captured_at LIMIT 1)`,
    );
    this.forget = database.prepare('DELETE FROM taken_keys WHERE captured_at < ?');
    this.facts = new StoreFacts(database);
  }

  write(events: readonly CheckedEvent[]): { result: SinkResult; taken: CheckedEvent[] } {
    const result = { taken: 0, repeats: 0, revisions: 0 };
    const taken = events.filter((checked) => {
      const fate = checked.kind === 'price' ? this.price(checked.event) : this.candle(checked.event);
      result[fate] += 1;
      return fate !== 'repeats';
    });
    const newest = events.at(-1);
    if (newest) this.afterwards(newest.kind === 'price' ? newest.event.timestamp : newest.event.capturedAt);
    return { result, taken };
  }

  private price({
    symbol,
    timestamp,
    source,
  }: {
    symbol: string;
    timestamp: number;
    source: string;
  }): keyof SinkResult {
    return this.insert.run('price', symbol, timestamp, source, timestamp, '').changes === 1 ? 'taken' : 'repeats';
  }

  private candle(candle: MinuteCandle): keyof SinkResult {
    const { symbol, openTime, source, capturedAt } = candle;
    const hash = hashOfNumbers(candle);
    const neighbours = this.neighbours.all({ symbol, time: openTime, source, capturedAt });
    if (neighbours.some((row) => row.numbers_hash === hash || row.captured_at === capturedAt)) return 'repeats';
    this.insert.run('candle', symbol, openTime, source, capturedAt, hash);
    return neighbours.length === 0 ? 'taken' : 'revisions';
  }

  private afterwards(time: EpochMicros): void {
    if (this.facts.get(BRONZE_ONLY_FACT) === undefined) this.facts.set(BRONZE_ONLY_FACT, String(time));
    if (time - this.forgottenAt < FORGET_EVERY) return;
    this.forgottenAt = time;
    this.forget.run(time - REMEMBERED);
  }
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
