import Database from 'better-sqlite3';
import type { MinuteCandle, OutgoingEvent, PriceEvent } from '@app/domain';
import { inBatches, candleMessages, priceMessages, type MarketRun } from './market-run';
import { compare, perSecond } from './measure';
import type { Figure } from './report';
import { databasePath, inNewFolder, openStore } from './workspace';

/**
 * Rows per second of the sink, which checks each line against its contract, keeps bronze (written and flushed), days,
 * roll-ups and ledger in the same step.
 *
 * Peer: the same rows, parsed before, in batches of the same size through a bare better-sqlite3 transaction into the same
 * table with the same journal and `synchronous`: one flush to disk per batch, where the sink has two. Nothing that keeps
 * rows in SQLite can be faster.
 *
 * The change feed is held against the same sink that notes no changes.
 */
const ROUNDS = 5;
/** The change feed costs less than a disk differs from one flush to the next. */
const FEED_ROUNDS = 9;
const FEED_AT_LEAST = 0.95;
const BATCHES = [
  { size: 50, atLeast: { prices: 0.45, candles: 0.22 }, rows: 10_000 },
  { size: 1_000, atLeast: { prices: 0.7, candles: 0.34 }, rows: 50_000 },
] as const;

const NAMES = { prices: 'price events', candles: 'candles' } as const;

type Kind = keyof typeof NAMES;
type SqlValue = string | number;

export interface Table {
  readonly name: string;
  readonly definition: string;
  readonly rows: readonly (readonly SqlValue[])[];
}

export function priceTable(prices: readonly PriceEvent[]): Table {
  return {
    name: 'price_events',
    definition: `symbol text NOT NULL, timestamp integer NOT NULL, source text NOT NULL, last_price text NOT NULL,
      price_change_percent text NOT NULL, volume text NOT NULL, PRIMARY KEY (symbol, timestamp, source)`,
    rows: prices.map((event) => [
      event.symbol,
      event.timestamp,
      event.source,
      event.lastPrice,
      event.priceChangePercent,
      event.volume,
    ]),
  };
}

function candleTable(candles: readonly MinuteCandle[]): Table {
  return {
    name: 'candles_1m',
    definition: `symbol text NOT NULL, open_time integer NOT NULL, open text NOT NULL, high text NOT NULL,
      low text NOT NULL, close text NOT NULL, volume text NOT NULL, quote_volume text NOT NULL,
      trade_count integer NOT NULL, taker_buy_volume text NOT NULL, taker_buy_quote_volume text NOT NULL,
      captured_at integer NOT NULL, revision integer NOT NULL, close_time integer NOT NULL, source text NOT NULL,
      PRIMARY KEY (symbol, open_time)`,
    rows: candles.map((candle) => [
      candle.symbol,
      candle.openTime,
      candle.open,
      candle.high,
      candle.low,
      candle.close,
      candle.volume,
      candle.quoteVolume,
      candle.tradeCount,
      candle.takerBuyVolume,
      candle.takerBuyQuoteVolume,
      candle.capturedAt,
      1,
      candle.closeTime,
      candle.source,
    ]),
  };
}

export function bareInsert({ name, definition, rows }: Table, size: number): Promise<number> {
  return inNewFolder(async (folder) => {
    const database = new Database(databasePath(folder));
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.exec(`CREATE TABLE ${name} (${definition}) WITHOUT ROWID`);
    const parameters = (rows[0] ?? []).map(() => '?').join(', ');
    const insert = database.prepare(`INSERT OR IGNORE INTO ${name} VALUES (${parameters})`);
    const batches = inBatches(rows, size);
    const insertBatch = database.transaction((batch: readonly (readonly SqlValue[])[]) => {
      for (const row of batch) insert.run(...row);
    });
    try {
      return await perSecond(rows.length, () => {
        for (const batch of batches) insertBatch.immediate(batch);
      });
    } finally {
      database.close();
    }
  });
}

function throughSink(
  messages: readonly OutgoingEvent[],
  size: number,
  { feed: hasFeed, after = () => undefined }: { readonly feed: boolean; readonly after?: (folder: string) => void } = {
    feed: true,
  },
): Promise<number> {
  return inNewFolder(async (folder) => {
    const store = await openStore(folder);
    // The one difference: units take no position and keep no change.
    if (!hasFeed) Object.assign(store.parts.feed, { note: () => undefined });
    const batches = inBatches(messages, size);
    try {
      return await perSecond(messages.length, async () => {
        for (const events of batches) await store.sink.take({ origin: 'bench', events });
      });
    } finally {
      await store.close();
      after(folder);
    }
  });
}

/** Bytes on disk of the change feed, with everything that is kept for it. */
function feedBytes(folder: string): number {
  const database = new Database(databasePath(folder), { readonly: true });
  try {
    return database.prepare("SELECT sum(pgsize) FROM dbstat WHERE name = 'changes'").pluck().get() as number;
  } finally {
    database.close();
  }
}

/** What the change feed costs the sink, and the disk. */
async function benchFeed(kind: Kind, messages: readonly OutgoingEvent[], size: number): Promise<Figure[]> {
  let bytes = NaN;
  const after = (folder: string): void => {
    bytes = feedBytes(folder);
  };
  const { subject, peer, ratio } = await compare(
    FEED_ROUNDS,
    () => throughSink(messages, size, { feed: true, after }),
    () => throughSink(messages, size, { feed: false }),
  );
  return [
    {
      what: `sink with the change feed, ${NAMES[kind]} in batches of ${size}`,
      value: `${Math.round(subject)} rows/s`,
      against: `the same sink without it: ${Math.round(peer)} rows/s`,
      measure: ratio,
      threshold: { atLeast: FEED_AT_LEAST },
    },
    {
      what: `change feed, each event, ${NAMES[kind]} in batches of ${size}`,
      value: `${(bytes / messages.length).toFixed(1)} bytes`,
      against: '',
      measure: bytes / messages.length,
      threshold: undefined,
    },
  ];
}

export async function benchSink(run: MarketRun): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { size, atLeast, rows } of BATCHES) {
    for (const kind of ['prices', 'candles'] as const) {
      const table = kind === 'prices' ? priceTable(run.prices.slice(0, rows)) : candleTable(run.candles.slice(0, rows));
      const messages =
        kind === 'prices' ? priceMessages(run.prices.slice(0, rows)) : candleMessages(run.candles.slice(0, rows));
      const { subject, peer, ratio } = await compare(
        ROUNDS,
        () => throughSink(messages, size),
        () => bareInsert(table, size),
      );
      figures.push({
        what: `sink, ${NAMES[kind]} in batches of ${size}`,
        value: `${Math.round(subject)} rows/s`,
        against: `better-sqlite3 alone: ${Math.round(peer)} rows/s`,
        measure: ratio,
        threshold: { atLeast: atLeast[kind] },
      });
      figures.push(...(await benchFeed(kind, messages, size)));
    }
  }
  return figures;
}
