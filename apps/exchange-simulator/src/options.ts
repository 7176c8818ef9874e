import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { ClockOrigin } from './clock/market-clock';
import { faultListSchema, type Fault } from './faults/fault';
import { MOST_SYMBOLS } from './market/simulated/listings';

/** Where the last recorded day is put: on the market clock's first day, or on the day before. */
export type Placement = 'live' | 'past';

export interface SimulatorOptions {
  readonly host: string;
  readonly port: number;
  readonly seed: string;
  /** How many symbols the simulated market has; undefined for those that are well known. */
  readonly symbols: number | undefined;
  readonly recordings: string | undefined;
  readonly place: Placement;
  readonly clockOrigin: ClockOrigin;
  readonly clockFactor: number;
  /** Request weight allowed per address and UTC minute of the market clock. */
  readonly weightLimit: number;
  /** Requests allowed per address and five minutes of the market clock. */
  readonly rawRequestLimit: number;
  /** What a `limit` over 1,000 gives; the exchange does not document it. */
  readonly overLimit: 'clamp' | 'refuse';
  /** Seconds after the end of a day until its file is in the archive. */
  readonly archiveDelay: number;
  /** With `ticker`, `/api/v3/ticker/24hr` is the only route of the exchange. */
  readonly only: 'ticker' | undefined;
  /** Faults that are on from the start. */
  readonly faults: readonly Fault[];
}

/** A wrong command line; the message is for the person who typed it. */
export class UsageError extends Error {}

export const HELP = `Usage: exchange-simulator [options]

Speaks Binance's spot REST market-data API over a simulated market (a pure function of seed, symbol and time)
or over recorded files.

  --port N             port, 0 for any free one            (9100)
  --host ADDRESS       address to listen on                (127.0.0.1)
  --seed TEXT          which simulated market              (1)
  --symbols N          how many symbols it has, the well-known ones first    (these alone)
  --recordings DIR     play the recorded files in DIR and below instead
  --place live|past    the last recorded day becomes today, or yesterday, so that all of it is history  (live)
  --clock-origin TIME  ISO 8601 instant at which market time and real time agree, or MARKET@REAL: market time is
                       MARKET when real time is REAL       (the start of the process)
  --clock-factor N     market seconds per real second      (1)
  --weight-limit N     request weight per address and minute             (6000)
  --raw-request-limit N  requests per address and five minutes           (300000)
  --over-limit clamp|refuse  what a kline limit over 1000 gives          (clamp)
  --archive-delay SECONDS  market time after the end of a day until its file is in the archive  (10800)
  --faults JSON        an array of faults that are on from the start     ([])
  --only ticker        serve /api/v3/ticker/24hr and nothing else of the exchange
  --help               this text

The same --clock-origin and --clock-factor continue the same market time after a restart.
Faults: GET, PUT and DELETE /_simulator/faults. Clock, origin and counters: /_simulator/{clock,origin,stats}.
`;

/** Reads the command line. Throws a UsageError that names the option, its value and what is allowed. */
export function parseOptions(args: readonly string[], now: number = Date.now()): SimulatorOptions | 'help' {
  const values = parseFlags(args);
  if (values.help === true) {
    return 'help';
  }
  const { seed = '1', recordings } = values;
  if (!/^[\w.-]{1,64}$/.test(seed)) {
    throw new UsageError(`--seed ${seed}: 1 to 64 letters, digits, dots, dashes or underscores`);
  }
  if (values.symbols !== undefined && recordings !== undefined) {
    throw new UsageError('--symbols goes without --recordings, which have the symbols that were recorded');
  }
  if (values.place !== undefined && recordings === undefined) {
    throw new UsageError('--place goes with --recordings');
  }
  const only = values.only === undefined ? undefined : choice('--only', values.only, ['ticker'] as const);
  return {
    host: values.host ?? '127.0.0.1',
    port: integer('--port', values.port ?? '9100', 0, 65_535),
    seed,
    symbols: values.symbols === undefined ? undefined : integer('--symbols', values.symbols, 1, MOST_SYMBOLS),
    recordings,
    place: choice('--place', values.place ?? 'live', ['live', 'past'] as const),
    clockOrigin: clockOrigin(values['clock-origin'], now),
    clockFactor: clockFactor(values['clock-factor'] ?? '1'),
    weightLimit: integer('--weight-limit', values['weight-limit'] ?? '6000', 1, 1_000_000_000),
    rawRequestLimit: integer('--raw-request-limit', values['raw-request-limit'] ?? '300000', 1, 1_000_000_000),
    overLimit: choice('--over-limit', values['over-limit'] ?? 'clamp', ['clamp', 'refuse'] as const),
    archiveDelay: integer('--archive-delay', values['archive-delay'] ?? '10800', 0, 31_536_000),
    only,
    faults: faults(values.faults ?? '[]'),
  };
}

function parseFlags(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        port: text,
        host: text,
        seed: text,
        symbols: text,
        recordings: text,
        place: text,
        'clock-origin': text,
        'clock-factor': text,
        'weight-limit': text,
        'raw-request-limit': text,
        'over-limit': text,
        'archive-delay': text,
        only: text,
        faults: text,
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function integer(flag: string, text: string, minimum: number, maximum: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= minimum && value <= maximum)) {
    throw new UsageError(`${flag} ${text}: a whole number from ${minimum} to ${maximum}`);
  }
  return value;
}

function choice<const T extends string>(flag: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((value) => value === text);
  if (found === undefined) {
    throw new UsageError(`${flag} ${text}: one of ${allowed.join(', ')}`);
  }
  return found;
}

function faults(text: string): Fault[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new UsageError(`--faults ${text}: a JSON array`);
  }
  const parsed = faultListSchema.safeParse(json);
  if (!parsed.success) {
    throw new UsageError(`--faults ${text}: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

function clockFactor(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value > 0 && value <= 1_000_000)) {
    throw new UsageError(`--clock-factor ${text}: a number over 0 and up to 1000000`);
  }
  return value;
}

function clockOrigin(text: string | undefined, now: number): ClockOrigin {
  if (text === undefined) {
    return { market: now, real: now };
  }
  const [market = '', real = market, ...rest] = text.split('@');
  if (rest.length > 0) {
    throw new UsageError(`--clock-origin ${text}: an instant, or two joined by one @`);
  }
  return { market: instant(text, market), real: instant(text, real) };
}

function instant(flagValue: string, text: string): number {
  const value = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d))?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (!(value >= Date.UTC(2017, 0, 1) && value < Date.UTC(2100, 0, 1))) {
    throw new UsageError(
      `--clock-origin ${flagValue}: an ISO 8601 instant with its offset from 2017 to 2099, such as 2026-01-15T00:00:00Z, or MARKET@REAL`,
    );
  }
  return value;
}
