import {
  DAY,
  DayVerificationStore,
  type CandleNumbers,
  type DayVerification,
  type DifferenceReason,
  type KnownDifference,
} from '@app/domain';
import { spans } from '@app/history';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import type { WriteQueue } from '../database/write-queue';
import { HISTORY_FEED, type ChangeFeedWriter } from '../feed/change-feed.writer';

/** Rows written in one transaction. */
const UNIT_ROWS = 2_000;

interface DifferenceRow {
  readonly symbol: string;
  readonly date: number;
  readonly reason: string;
  readonly stored_numbers: string;
  readonly exchange_numbers: string;
  readonly found_at: number;
}

/** The numbers alone, in their order, whatever else the object has. */
function numbersText(candle: CandleNumbers): string {
  const { open, high, low, close, volume, quoteVolume, tradeCount, takerBuyVolume, takerBuyQuoteVolume } = candle;
  const numbers: CandleNumbers = {
    open,
    high,
    low,
    close,
    volume,
    quoteVolume,
    tradeCount,
    takerBuyVolume,
    takerBuyQuoteVolume,
  };
  return JSON.stringify(numbers);
}

export class SqliteDayVerificationStore extends DayVerificationStore {
  private readonly upsert: Statement<[string, number, string, number]>;
  private readonly insertDifference: Statement<[DifferenceRow]>;
  private readonly deleteDifference: Statement<[string, number]>;
  private readonly selectDifferences: Statement<[string], DifferenceRow>;

  constructor(
    private readonly queue: WriteQueue,
    database: SqliteHandle,
    private readonly feed: ChangeFeedWriter,
  ) {
    super();
    this.upsert = database.prepare(
      'INSERT OR REPLACE INTO day_verifications (symbol, date, result, checked_at) VALUES (?, ?, ?, ?)',
    );
    this.insertDifference = database.prepare(
      `INSERT INTO known_differences (symbol, date, reason, stored_numbers, exchange_numbers, found_at)
       VALUES (@symbol, @date, @reason, @stored_numbers, @exchange_numbers, @found_at)`,
    );
    this.deleteDifference = database.prepare('DELETE FROM known_differences WHERE symbol = ? AND date = ?');
    this.selectDifferences = database.prepare(
      `SELECT symbol, date, reason, stored_numbers, exchange_numbers, found_at FROM known_differences
       WHERE symbol = ? ORDER BY date`,
    );
  }

  async save(verifications: readonly DayVerification[], differences: readonly KnownDifference[]): Promise<void> {
    const known = new Map(differences.map((difference) => [`${difference.symbol} ${difference.date}`, difference]));
    for (let first = 0; first < verifications.length; first += UNIT_ROWS) {
      const part = verifications.slice(first, first + UNIT_ROWS);
      await this.queue.run(() => {
        for (const { symbol, date, result, checkedAt } of part) {
          this.upsert.run(symbol, date, result, checkedAt);
          this.deleteDifference.run(symbol, date);
          const difference = known.get(`${symbol} ${date}`);
          if (difference) this.insertDifference.run(toRow(difference));
        }
        this.feed.note(HISTORY_FEED, {
          kind: 'verified',
          items: spans(part, ({ date }) => ({ start: date, end: date + DAY })),
        });
      });
    }
  }

  knownDifferences(symbol: string): Promise<KnownDifference[]> {
    return Promise.resolve(
      this.selectDifferences.all(symbol).map((row) => ({
        symbol: row.symbol,
        date: row.date,
        reason: row.reason as DifferenceReason,
        stored: JSON.parse(row.stored_numbers) as CandleNumbers,
        exchange: JSON.parse(row.exchange_numbers) as CandleNumbers,
        foundAt: row.found_at,
      })),
    );
  }
}

function toRow({ symbol, date, reason, stored, exchange, foundAt }: KnownDifference): DifferenceRow {
  return {
    symbol,
    date,
    reason,
    stored_numbers: numbersText(stored),
    exchange_numbers: numbersText(exchange),
    found_at: foundAt,
  };
}
