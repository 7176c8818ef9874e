import Database from 'better-sqlite3';
import type { Stack } from './stack';

/** How a command ended, and what it said on stdout and stderr. */
export interface CommandOutcome {
  readonly code: number;
  readonly output: string;
}

/** Runs a command of the built CLI to its end, with the stack's settings. */
export async function runCli(stack: Stack, ...args: string[]): Promise<CommandOutcome> {
  const process = await stack.launch('cli', {}, args);
  const code = await process.exited();
  return { code, output: process.output };
}

/** Rows of the stack's database, which may be in use. */
export function storedRows<T>({ databasePath }: Pick<Stack, 'databasePath'>, sql: string): T[] {
  const database = new Database(databasePath, { readonly: true });
  try {
    return database.prepare<[], T>(sql).all();
  } finally {
    database.close();
  }
}

/** Stored minutes of a symbol in the form of the exchange's rows, without its last column. */
export function storedKlines(stack: Stack, symbol: string): (string | number)[][] {
  const rows = storedRows<Record<string, string | number>>(
    stack,
    `SELECT open_time / 1000 AS open_time, open, high, low, close, volume, close_time / 1000 AS close_time, quote_volume,
       trade_count, taker_buy_volume, taker_buy_quote_volume FROM candles_1m WHERE symbol = '${symbol}'`,
  );
  return rows.map((row) => Object.values(row));
}

/** Recorded minutes in each state; what is missing is not recorded. */
export function minutesByState(stack: Stack, symbol: string): Record<string, number> {
  const states = storedRows<{ state: string; minutes: number }>(
    stack,
    `SELECT state, sum(end_time - start_time) / 60000000 AS minutes FROM coverage
     WHERE symbol = '${symbol}' GROUP BY state`,
  );
  return Object.fromEntries(states.map(({ state, minutes }) => [state, minutes]));
}
