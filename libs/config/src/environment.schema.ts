import { z } from 'zod';
import { CHOICE_ENTRY_ALLOWED, HOUR, isChoiceEntry, MINUTE, SymbolChoice } from '@app/domain';
import { KEY_NAME_ALLOWED, parseApiKeys } from './api-keys';
import { pathPrefixOf } from './path-prefix';
import { parseBypassRule } from './proxies';
import type { HiddenPart } from './raw-values';

const HOUR_SECONDS = 3_600;
const MOST_DAYS = 36_500;
const MOST_SYMBOLS = 5_000;

const wholeNumber = (min: number, max: number, fallback: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, { error: `a whole number from ${min} to ${max}` })
    .transform(Number)
    .refine((value) => value >= min && value <= max, { error: `a whole number from ${min} to ${max}` })
    .default(fallback);

const list = (text: string): string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

function isHttpUrl(text: string): boolean {
  try {
    const url = new URL(text);
    const isBare = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
    return (url.protocol === 'http:' || url.protocol === 'https:') && isBare;
  } catch {
    return false;
  }
}

const httpUrl = (fallback: string) =>
  z
    .string()
    .refine(isHttpUrl, { error: 'an http:// or https:// address' })
    .transform((url) => url.replace(/\/+$/, ''))
    .default(fallback);

/** An address from outside: what a parser would silently change (`..`, backslashes) is a mistake. */
function isPublicUrl(text: string): boolean {
  if (!isHttpUrl(text) || /\\|\/(?:\.|%2e){1,2}(?:\/|$)/i.test(text)) return false;
  return pathPrefixOf(new URL(text).pathname) !== undefined;
}

/** `*`, or an origin as browsers write it: scheme, host and port, without a path. */
function isOrigin(text: string): boolean {
  return text === '*' || (isHttpUrl(text) && new URL(text).origin === text);
}

/** `host:port` or `[address]:port`. */
function isHostAndPort(text: string): boolean {
  const match = /^(?:[a-zA-Z0-9._-]+|\[[0-9a-fA-F:]+\]):(\d{1,5})$/.exec(text);
  return match !== null && Number(match[1]) >= 1 && Number(match[1]) <= 65_535;
}

/** A proxy's address; without a scheme it speaks http, as in curl. It may carry a user and a password. */
const proxyUrl = z
  .string()
  .transform((text) => (/^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`))
  .refine(isProxyUrl, {
    error:
      'the http:// or https:// address of a proxy, with user:password@ (percent-encoded) before the host where it asks for them',
  })
  .optional();

function isProxyUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, pathname, search, hash, username, password } = new URL(text);
  const isBare = pathname === '/' && search === '' && hash === '';
  return ['http:', 'https:'].includes(protocol) && isBare && [username, password].every(isPercentEncoded);
}

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** `redis[s]://[user[:password]@]host[:port][/number]` */
function isRedisUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname, search, hash, username, password } = new URL(text);
  const isBare = /^\/?\d{0,4}$/.test(pathname) && search === '' && hash === '';
  const isPlain = [username, password].every(isPercentEncoded);
  return ['redis:', 'rediss:'].includes(protocol) && hostname !== '' && isBare && isPlain;
}

const BYPASS_ALLOWED =
  'hosts, domains, addresses, with :port if need be, or networks such as 10.0.0.0/8, separated by commas; or *';

const flag = (fallback: boolean) =>
  z
    .enum(['true', 'false'], { error: 'true or false' })
    .transform((text) => text === 'true')
    .default(fallback);

const filePath = (fallback: string) => z.string().min(1, { error: 'a path' }).default(fallback);

/** Counted from the start of the UTC day. */
const timeOfDay = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, { error: 'a UTC time of day from 00:00 to 23:59' })
  .transform((text) => {
    const [hours = 0, minutes = 0] = text.split(':').map(Number);
    return hours * HOUR + minutes * MINUTE;
  })
  .optional();

const port = (fallback: number) => wholeNumber(0, 65_535, fallback);

const CAPTURES = ['tickers', 'candles'] as const;
export type CaptureKind = (typeof CAPTURES)[number];

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const DEFAULT_REST_URLS = [
  'https://data-api.binance.vision',
  'https://api.binance.com',
  'https://api-gcp.binance.com',
  'https://api1.binance.com',
].join(',');

/**
 * Every environment variable that the platform reads, with its default and what is allowed. The keys of `.env.example`
 * are exactly these.
 */
export const environmentSchema = z.object({
  BROKER_MODE: z.enum(['kafka', 'direct'], { error: 'kafka or direct' }).default('direct'),
  STORAGE_PATH: filePath('data/app.db'),
  RAW_DIR: filePath('data/raw'),
  INGEST_STATE_DIR: filePath('data/ingest'),
  BI_BUILD_DIR: filePath('bi/build'),
  BI_BUILD_AT: timeOfDay,
  // Fewer would take the build before away from whoever reads it.
  BI_BUILDS_KEPT: wholeNumber(2, 10_000, 7),
  BI_BUILD_MAX_SECONDS: wholeNumber(10, 86_400, 7_200),
  BACKUP_DIR: filePath('data/backups'),
  BACKUP_AT: timeOfDay,
  BACKUPS_KEPT: wholeNumber(1, 10_000, 7),
  SYMBOLS: z
    .string()
    .default('BTCUSDT,ETHUSDT')
    .transform((text, context) => {
      const entries = [...new Set(list(text))];
      const wrong = entries.filter((entry) => !isChoiceEntry(entry));
      if (wrong.length > 0) {
        context.addIssue({ code: 'custom', message: CHOICE_ENTRY_ALLOWED, params: { wrong } });
        return new SymbolChoice([]);
      }
      const choice = new SymbolChoice(entries);
      if (choice.names.length === 0 && !choice.hasPatterns) {
        context.addIssue({ code: 'custom', message: 'at least one symbol or pattern that is not left out' });
      } else if (entries.length > MOST_SYMBOLS) {
        const message = `at most ${MOST_SYMBOLS} symbols and patterns, separated by commas`;
        context.addIssue({ code: 'custom', message, params: { wrong: entries.slice(MOST_SYMBOLS) } });
      }
      return choice;
    }),
  CAPTURE: z
    .string()
    .default('tickers,candles')
    .transform((text) => [...new Set(list(text))])
    .superRefine((kinds, context) => {
      if (kinds.includes('trades')) {
        context.addIssue({ code: 'custom', message: 'tickers, candles or both; trades is not yet available' });
      } else if (kinds.length === 0 || !kinds.every((kind) => (CAPTURES as readonly string[]).includes(kind))) {
        context.addIssue({ code: 'custom', message: 'tickers, candles or both, separated by a comma' });
      }
    })
    .transform((kinds) => kinds as CaptureKind[]),
  POLL_INTERVAL_SECONDS: wholeNumber(1, 24 * HOUR_SECONDS, 60),
  BACKFILL_DAYS: wholeNumber(0, 3_650, 90),
  SPOOL_MAX_BYTES: wholeNumber(1_048_576, Number.MAX_SAFE_INTEGER, 1_073_741_824),
  TOPIC_NAME: z
    .string()
    .regex(/^[a-zA-Z0-9_-]{1,200}$/, { error: '1 to 200 of the characters a-z A-Z 0-9 _ -' })
    .default('crypto_prices'),
  TOPIC_PARTITIONS: wholeNumber(1, 1_000, 6),
  KAFKA_BOOTSTRAP_SERVERS: z
    .string()
    .default('localhost:9092')
    .transform(list)
    .refine((servers) => servers.length > 0 && servers.every(isHostAndPort), {
      error: 'one or more host:port, separated by commas',
    }),
  CONSUMER_GROUP_ID: z
    .string()
    .regex(/^[a-zA-Z0-9._-]{1,200}$/, { error: '1 to 200 of the characters a-z A-Z 0-9 . _ -' })
    .default('crypto-raw-consumer'),
  ENABLE_DB_SINK: flag(true),
  COMPACT_RAW_FILES: flag(false),
  RETENTION_BRONZE_DAYS: wholeNumber(0, MOST_DAYS, 0),
  RETENTION_MINUTES_DAYS: wholeNumber(0, MOST_DAYS, 0),
  RETENTION_EVENTS_DAYS: wholeNumber(0, MOST_DAYS, 0),
  CHANGES_RETENTION_HOURS: wholeNumber(1, MOST_DAYS * 24, 168),
  BINANCE_REST_URLS: z
    .string()
    .default(DEFAULT_REST_URLS)
    .transform((text) => list(text).map((url) => url.replace(/\/+$/, '')))
    .refine((urls) => urls.length > 0 && urls.every(isHttpUrl), {
      error: 'one or more http:// or https:// addresses, separated by commas',
    }),
  BINANCE_ARCHIVE_URL: z
    .string()
    .refine((text) => text === 'off' || isHttpUrl(text), { error: 'an http:// or https:// address, or off' })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
  HTTP_PROXY: proxyUrl,
  HTTPS_PROXY: proxyUrl,
  NO_PROXY: z
    .string()
    .default('')
    .transform((text, context) => {
      // Whoever else reads this variable takes blanks for separators, too.
      const rules = text.split(/[\s,]+/).flatMap((entry) => (entry === '' ? [] : [parseBypassRule(entry)]));
      if (rules.includes(undefined)) context.addIssue({ code: 'custom', message: BYPASS_ALLOWED });
      return rules.filter((rule) => rule !== undefined);
    }),
  PORT: port(8000),
  INGEST_PORT: port(8001),
  CONSUMER_PORT: port(8002),
  HOST: z.string().min(1, { error: 'an address to listen on' }).default('0.0.0.0'),
  PUBLIC_URL: z
    .string()
    .refine(isPublicUrl, {
      error: 'the http:// or https:// address that visitors use, such as https://example.com/market (no query, no ..)',
    })
    .transform((text) => new URL(text).href.replace(/\/$/, ''))
    .optional(),
  INGEST_URL: httpUrl('http://127.0.0.1:8001'),
  CONSUMER_URL: httpUrl('http://127.0.0.1:8002'),
  THROTTLE_LIMIT: wholeNumber(1, 100_000_000, 600),
  THROTTLE_KEY_LIMIT: wholeNumber(1, 100_000_000, 6_000),
  THROTTLE_TTL_SECONDS: wholeNumber(1, HOUR_SECONDS, 60),
  THROTTLE_REDIS_URL: z
    .string()
    .refine(isRedisUrl, {
      error: 'the redis:// or rediss:// address of a Redis server, such as redis://user:password@redis:6379/0',
    })
    .optional(),
  API_KEYS: z
    .string()
    .default('')
    .transform((text, context) => {
      const keys = parseApiKeys(text);
      if (!keys) {
        const key = 'a key of visible ASCII characters without a comma';
        context.addIssue({
          code: 'custom',
          message: `name:key, separated by commas: a name of ${KEY_NAME_ALLOWED}, and ${key}; none of them twice`,
        });
      }
      return keys ?? [];
    }),
  REQUIRE_API_KEY: flag(false),
  TRUST_PROXY_HOPS: wholeNumber(0, 10, 0),
  MAX_STREAMS: wholeNumber(0, 100_000, 1_000),
  MAX_STREAMS_PER_CLIENT: wholeNumber(1, 100_000, 20),
  CORS_ORIGINS: z
    .string()
    .default('*')
    .transform(list)
    .refine((origins) => origins.every(isOrigin), {
      error: '*, or origins such as https://example.com (no path, no slash at the end), separated by commas',
    }),
  LOG_LEVEL: z.enum(LOG_LEVELS, { error: LOG_LEVELS.join(', ') }).default('info'),
  CLOCK: z.enum(['system', 'simulator'], { error: 'system or simulator' }).default('system'),
});

/** Variables that are long lists: of a wrong one, messages show the entries that are wrong. */
export const LONG_LISTS: ReadonlySet<string> = new Set(['SYMBOLS']);

/** Variables that other programs read under a lower-case name too; that name wins, as in curl. */
const LOWER_CASE_TOO: ReadonlySet<string> = new Set(['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']);

/** Names under which a variable of the schema may be set, the one that wins first. */
export function namesOf(key: string): readonly string[] {
  return LOWER_CASE_TOO.has(key) ? [key.toLowerCase(), key] : [key];
}

const ADDRESSES: ReadonlySet<string> = new Set([
  'BINANCE_REST_URLS',
  'BINANCE_ARCHIVE_URL',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'KAFKA_BOOTSTRAP_SERVERS',
  'PUBLIC_URL',
  'INGEST_URL',
  'CONSUMER_URL',
  'CORS_ORIGINS',
  'THROTTLE_REDIS_URL',
]);

const SECRETS: ReadonlySet<string> = new Set(['API_KEYS']);

/** What messages leave out of a value: the password that somebody may have put into an address, or all of it. */
export function hiddenPartOf(key: string): HiddenPart {
  if (SECRETS.has(key)) return 'all';
  return ADDRESSES.has(key) ? 'credentials' : 'nothing';
}

export type Environment = z.output<typeof environmentSchema>;
