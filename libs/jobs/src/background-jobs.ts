import type { AppConfig } from '@app/config';
import { DAY, HOUR, MINUTE, SECOND, type EpochMicros } from '@app/domain';
import type { BackgroundJob, JobScope, JobTimes } from './background-job';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Clocks are set, and commands run by hand: whether a daily command is due is looked at between its times too. */
const LOOK_EVERY_MS = 10_000;

/** What of a process a job needs: that it captures this, or that its store can be read and written. */
export type JobNeed = 'tickers' | 'candles' | 'store';

export interface JobEntry extends Pick<BackgroundJob, 'hangsAfterMs' | 'endsAtOnce'> {
  readonly scope: JobScope;
  readonly needs: readonly JobNeed[];
  /** Null where the configuration has it off. */
  readonly when: (config: AppConfig) => JobTimes | null;
}

type OfScope<Scope extends JobScope> = JobEntry & { readonly scope: Scope };

/** Each minute, so long after it has begun. */
function eachMinute(offset: EpochMicros, { atStart }: { readonly atStart: boolean }): () => JobTimes {
  return () => ({ kind: 'instants', interval: MINUTE, offset, atStart });
}

function eachDay(at: EpochMicros | null): JobTimes | null {
  return at === null
    ? null
    : { kind: 'instants', interval: DAY, offset: at, atStart: true, lookEveryMs: LOOK_EVERY_MS };
}

function entries<Table extends Readonly<Record<string, OfScope<JobScope>>>>(table: Table): Table {
  return table;
}

/** All that is done without being asked for: what, when, by which process, and what it needs. */
export const BACKGROUND_JOBS = entries({
  /** Prices of all symbols. */
  'ticker-poll': {
    scope: 'capture',
    needs: ['tickers'],
    when: ({ ingest: { pollIntervalSeconds } }) => ({
      kind: 'instants',
      interval: pollIntervalSeconds * SECOND,
      offset: 0,
      atStart: true,
    }),
    hangsAfterMs: 10 * MINUTE_MS,
    endsAtOnce: false,
  },
  /** Closed minutes, a few seconds after each has ended; what downtime has left first. */
  'candle-sync': {
    scope: 'capture',
    needs: ['candles'],
    when: eachMinute(5 * SECOND, { atStart: true }),
    hangsAfterMs: HOUR_MS,
    endsAtOnce: false,
  },
  /** Whether anybody is there while nothing comes from the exchange, and whether the local clock was set. */
  'exchange-watch': {
    scope: 'capture',
    needs: [],
    when: () => ({ kind: 'steady', everyMs: 1_000 }),
    hangsAfterMs: 10 * MINUTE_MS,
    endsAtOnce: true,
  },
  /** What the exchange says of the symbols: asked for each hour, sooner while it does not answer and after a halt. */
  'symbol-refresh': {
    scope: 'history',
    needs: [],
    when: eachMinute(40 * SECOND, { atStart: true }),
    hangsAfterMs: 10 * MINUTE_MS,
    endsAtOnce: false,
  },
  /** Where no history is kept, what the exchange lists of the symbols that patterns mean. */
  listings: {
    scope: 'capture',
    needs: [],
    when: ({ symbolChoice }) => (symbolChoice.hasPatterns ? eachMinute(40 * SECOND, { atStart: true })() : null),
    hangsAfterMs: 10 * MINUTE_MS,
    endsAtOnce: false,
  },
  /** What was before capture began, until every symbol is filled. */
  'first-backfill': {
    scope: 'history',
    needs: ['candles'],
    when: () => ({ kind: 'once' }),
    hangsAfterMs: null,
    endsAtOnce: true,
  },
  /** Minutes that neither live capture nor the first backfill has brought, well after the candle sync. */
  'ledger-keeper': {
    scope: 'history',
    needs: ['candles', 'store'],
    when: eachMinute(20 * SECOND, { atStart: false }),
    hangsAfterMs: HOUR_MS,
    endsAtOnce: false,
  },
  /** The very first candle of each symbol on the exchange, while it is not known. */
  'first-minutes': {
    scope: 'history',
    needs: ['candles', 'store'],
    when: eachMinute(50 * SECOND, { atStart: true }),
    hangsAfterMs: HOUR_MS,
    endsAtOnce: false,
  },
  /** Stored stamps of a clock that was wrong. */
  'settle-stamps': {
    scope: 'history',
    needs: ['store'],
    when: eachMinute(50 * SECOND, { atStart: true }),
    hangsAfterMs: HOUR_MS,
    endsAtOnce: false,
  },
  /** Retention and compaction, away from the begin of minutes, hours and days. */
  'store-upkeep': {
    scope: 'history',
    needs: ['store'],
    when: () => ({ kind: 'instants', interval: HOUR, offset: 17.5 * MINUTE, atStart: false }),
    hangsAfterMs: 6 * HOUR_MS,
    endsAtOnce: false,
  },
  /** A backup at `BACKUP_AT`. One that hangs is ended after twelve hours. */
  backup: {
    scope: 'history',
    needs: ['store'],
    when: ({ backups }) => eachDay(backups.dailyAt),
    hangsAfterMs: 12 * HOUR_MS,
    endsAtOnce: true,
  },
  /** What the process says of itself, for the API's `/health`. */
  'process-status': {
    scope: 'process',
    needs: [],
    when: () => ({ kind: 'steady', everyMs: 10_000 }),
    hangsAfterMs: 10 * MINUTE_MS,
    endsAtOnce: false,
  },
  /** A build of the tables at `BI_BUILD_AT`, by each process that serves them: who is first makes it. */
  'bi-build': {
    scope: 'process',
    needs: ['store'],
    when: ({ builds }) => eachDay(builds.dailyAt),
    hangsAfterMs: 24 * HOUR_MS,
    endsAtOnce: true,
  },
});

type Table = typeof BACKGROUND_JOBS;

/** Names of the jobs of a scope. */
export type JobName<Scope extends JobScope = JobScope> = {
  [Name in keyof Table]: Table[Name]['scope'] extends Scope ? Name : never;
}[keyof Table];
