import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import type { z } from 'zod';
import type { EpochMicros, RetentionPolicy, SymbolChoice } from '@app/domain';
import type { ApiKeySetting } from './api-keys';
import { archiveUrlOf, mixedVenues } from './archive-url';
import type { CaptureKind, Environment } from './environment.schema';
import { environmentSchema, hiddenPartOf, LONG_LISTS, namesOf } from './environment.schema';
import { ConfigError } from './config-error';
import type { ProxySettings } from './proxies';
import { findValue, hasInvisible, problemOf, textFault, type RawValue, type ValueFault } from './raw-values';

/** The whole configuration, checked and typed. Paths are absolute; times carry their unit in the name. */
export interface AppConfig {
  readonly brokerMode: 'kafka' | 'direct';
  /** The symbols that `SYMBOLS` names; what its patterns mean the exchange says. */
  readonly symbols: readonly string[];
  readonly symbolChoice: SymbolChoice;
  readonly clock: 'system' | 'simulator';
  readonly logLevel: Environment['LOG_LEVEL'];
  readonly topics: { readonly prices: string };
  readonly storage: { readonly databasePath: string; readonly rawDir: string };
  readonly upkeep: {
    /** Whether raw files of closed days are compressed. */
    readonly compactRawFiles: boolean;
    readonly retention: RetentionPolicy;
  };
  readonly builds: {
    /** What is turned to the newest build of the tables. */
    readonly folder: string;
    /** When one is made each day, counted from the start of the UTC day; null for never. */
    readonly dailyAt: EpochMicros | null;
    /** How many builds stay, the newest included. */
    readonly kept: number;
    /** How long the daily one may take. */
    readonly maxSeconds: number;
  };
  readonly backups: {
    /** Where backups go that are told no other place. */
    readonly folder: string;
    /** When one is made each day, counted from the start of the UTC day; null for never. */
    readonly dailyAt: EpochMicros | null;
    /** How many of a store stay there, the newest included. */
    readonly kept: number;
  };
  readonly ingest: {
    readonly stateDir: string;
    readonly capture: readonly CaptureKind[];
    readonly pollIntervalSeconds: number;
    readonly backfillDays: number;
    readonly spoolMaxBytes: number;
  };
  readonly kafka: {
    /** `host:port` of brokers to begin with. */
    readonly bootstrapServers: readonly string[];
    /** Partitions that topics are created with, and must have. */
    readonly partitions: number;
    readonly groupId: string;
    /** Whether the consumer writes rows; otherwise bronze only. */
    readonly dbSink: boolean;
  };
  readonly exchange: {
    readonly restUrls: readonly string[];
    /** Address of the file archive; null when history comes over REST alone. */
    readonly archiveUrl: string | null;
    /** How requests to the exchange and its archive leave this network. */
    readonly proxies: ProxySettings;
  };
  readonly http: {
    readonly host: string;
    readonly apiPort: number;
    readonly ingestPort: number;
    readonly consumerPort: number;
    /** Address of the API from outside, its path included, without a slash at its end; null where none is told. */
    readonly publicUrl: string | null;
    readonly ingestUrl: string;
    readonly consumerUrl: string;
    /** Requests of a client in a window. */
    readonly throttleLimit: number;
    /** The same for a client with a key. */
    readonly throttleKeyLimit: number;
    readonly throttleTtlSeconds: number;
    /** Where replicas of the API count together; null where each counts for itself. */
    readonly throttleRedisUrl: string | null;
    /** Keys of the environment, beside those of the store. */
    readonly apiKeys: readonly ApiKeySetting[];
    /** Whether api and standalone answer nobody without a key. */
    readonly requireApiKey: boolean;
    /** How many proxies in front of this process to believe when they name the client; 0 believes none. */
    readonly trustProxyHops: number;
    /** Open streams that are served at once, in all and of one client. */
    readonly maxStreams: number;
    readonly maxStreamsPerClient: number;
    readonly corsOrigins: readonly string[];
  };
}

/** Injection token of the configuration. */
export const APP_CONFIG = Symbol('AppConfig');

const LOOPBACK = /^https?:\/\/(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::\d+)?$/;

/** A limit of 0 is none. */
function unlessZero(value: number): number | undefined {
  return value === 0 ? undefined : value;
}

function crossChecks(environment: Environment): string[] {
  const problems = mixedVenues(environment);
  if (environment.CLOCK === 'simulator') {
    for (const url of environment.BINANCE_REST_URLS.filter((address) => !LOOPBACK.test(address))) {
      problems.push(`CLOCK="simulator" is refused for ${url}: only a simulator on this machine may set the time`);
    }
  }
  return problems;
}

/** The variables of a file. @throws ConfigError when it is there and cannot be read as text */
function readEnvFile(file: string): NodeJS.Dict<string> {
  if (!existsSync(file)) return {};
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError([`${file} cannot be read: ${(error as Error).message}`]);
  }
  if (text.includes('\0')) throw new ConfigError([`${file} is not UTF-8 text; expected NAME=value lines in UTF-8`]);
  // Editors of Windows put a mark before the first name, which would become part of it.
  return parseEnv(text.replace(/^\uFEFF/, ''));
}

/** What is wrong with the values whose text is wrong whatever it means, by key. */
function faultsOf(values: ReadonlyMap<string, RawValue>): Map<string, ValueFault> {
  const faults = new Map<string, ValueFault>();
  for (const [key, { text }] of values) {
    const expected = textFault(text);
    if (expected === undefined) continue;
    faults.set(key, { expected, wrong: LONG_LISTS.has(key) ? text.split(',').filter(hasInvisible) : [] });
  }
  return faults;
}

/** The entries that a check of the schema has found wrong, where it says so. */
function wrongEntriesOf(issue: z.core.$ZodIssue): readonly string[] {
  const wrong: unknown = issue.code === 'custom' ? issue.params?.['wrong'] : undefined;
  return Array.isArray(wrong) ? wrong.map(String) : [];
}

/**
 * Reads `.env` of the working directory (when there is one) below the real variables, checks all of it at once and
 * returns the configuration. Values are trimmed, and an empty one counts as not set.
 *
 * @throws ConfigError naming every wrong variable, its value and what is allowed
 */
export function loadConfig(
  variables: NodeJS.ProcessEnv = process.env,
  workingDirectory: string = process.cwd(),
): AppConfig {
  const fromFile = readEnvFile(resolve(workingDirectory, '.env'));
  const found = new Map(
    Object.keys(environmentSchema.shape).flatMap((key) => {
      const value = findValue(namesOf(key), [variables, fromFile]);
      return value === undefined ? [] : [[key, value] as const];
    }),
  );
  const faults = faultsOf(found);
  const sound = [...found].filter(([key]) => !faults.has(key)).map(([key, { text }]) => [key, text] as const);
  const parsed = environmentSchema.safeParse(Object.fromEntries(sound));
  for (const issue of parsed.error?.issues ?? []) {
    faults.set(String(issue.path[0]), { expected: issue.message, wrong: wrongEntriesOf(issue) });
  }
  if (!parsed.success || faults.size > 0) {
    const wrong = [...found].flatMap(([key, value]) => {
      const fault = faults.get(key);
      return fault === undefined ? [] : [problemOf(value, fault, hiddenPartOf(key))];
    });
    throw new ConfigError(wrong);
  }
  const environment = parsed.data;
  const problems = crossChecks(environment);
  if (problems.length > 0) throw new ConfigError(problems);
  const path = (value: string): string => resolve(workingDirectory, value);
  return {
    brokerMode: environment.BROKER_MODE,
    symbols: environment.SYMBOLS.names,
    symbolChoice: environment.SYMBOLS,
    clock: environment.CLOCK,
    logLevel: environment.LOG_LEVEL,
    topics: { prices: environment.TOPIC_NAME },
    storage: { databasePath: path(environment.STORAGE_PATH), rawDir: path(environment.RAW_DIR) },
    upkeep: {
      compactRawFiles: environment.COMPACT_RAW_FILES,
      retention: {
        bronzeDays: unlessZero(environment.RETENTION_BRONZE_DAYS),
        minutesDays: unlessZero(environment.RETENTION_MINUTES_DAYS),
        eventsDays: unlessZero(environment.RETENTION_EVENTS_DAYS),
        changesHours: environment.CHANGES_RETENTION_HOURS,
      },
    },
    builds: {
      folder: path(environment.BI_BUILD_DIR),
      dailyAt: environment.BI_BUILD_AT ?? null,
      kept: environment.BI_BUILDS_KEPT,
      maxSeconds: environment.BI_BUILD_MAX_SECONDS,
    },
    backups: {
      folder: path(environment.BACKUP_DIR),
      dailyAt: environment.BACKUP_AT ?? null,
      kept: environment.BACKUPS_KEPT,
    },
    ingest: {
      stateDir: path(environment.INGEST_STATE_DIR),
      capture: environment.CAPTURE,
      pollIntervalSeconds: environment.POLL_INTERVAL_SECONDS,
      backfillDays: environment.BACKFILL_DAYS,
      spoolMaxBytes: environment.SPOOL_MAX_BYTES,
    },
    kafka: {
      bootstrapServers: environment.KAFKA_BOOTSTRAP_SERVERS,
      partitions: environment.TOPIC_PARTITIONS,
      groupId: environment.CONSUMER_GROUP_ID,
      dbSink: environment.ENABLE_DB_SINK,
    },
    exchange: {
      restUrls: environment.BINANCE_REST_URLS,
      archiveUrl: archiveUrlOf(environment),
      proxies: { http: environment.HTTP_PROXY, https: environment.HTTPS_PROXY, bypass: environment.NO_PROXY },
    },
    http: {
      host: environment.HOST,
      apiPort: environment.PORT,
      ingestPort: environment.INGEST_PORT,
      consumerPort: environment.CONSUMER_PORT,
      publicUrl: environment.PUBLIC_URL ?? null,
      ingestUrl: environment.INGEST_URL,
      consumerUrl: environment.CONSUMER_URL,
      throttleLimit: environment.THROTTLE_LIMIT,
      throttleKeyLimit: environment.THROTTLE_KEY_LIMIT,
      throttleTtlSeconds: environment.THROTTLE_TTL_SECONDS,
      throttleRedisUrl: environment.THROTTLE_REDIS_URL ?? null,
      apiKeys: environment.API_KEYS,
      requireApiKey: environment.REQUIRE_API_KEY,
      trustProxyHops: environment.TRUST_PROXY_HOPS,
      maxStreams: environment.MAX_STREAMS,
      maxStreamsPerClient: environment.MAX_STREAMS_PER_CLIENT,
      corsOrigins: environment.CORS_ORIGINS,
    },
  };
}
