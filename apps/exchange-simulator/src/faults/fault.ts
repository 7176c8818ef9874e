import { z } from 'zod';
import { INTERVALS } from '../market/interval';
import { KLINE_FIELDS } from './kline-fields';

const MINUTE = 60_000;

/** The file archive, which is a host of its own on the exchange. */
export const ARCHIVE_ROUTE = '/data/spot';

/** The routes a fault can be tied to; `*` is all of the API, which the archive is no part of. */
const ROUTES = [
  '*',
  ARCHIVE_ROUTE,
  '/api/v3/ping',
  '/api/v3/time',
  '/api/v3/exchangeInfo',
  '/api/v3/klines',
  '/api/v3/uiKlines',
  '/api/v3/aggTrades',
  '/api/v3/ticker/24hr',
] as const;

/** A century of them. */
const MOST_STOP_DAYS = 36_525;

const symbol = z.string().min(1).max(50);
const asset = z.string().min(1).max(20);
const seconds = z.number().int().min(1).max(604_800);

/** A whole minute, as ISO 8601 with its offset or as epoch milliseconds; read as epoch milliseconds. */
const wholeMinute = z
  .union([z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)), z.number().int().nonnegative()])
  .refine((time) => time % MINUTE === 0, 'must be a whole minute');

/** Whom a fault of the HTTP layer meets, and how often. Without `times` it stays until it is removed. */
const aim = {
  route: z.enum(ROUTES).default('*'),
  symbol: symbol.optional(),
  times: z.number().int().min(1).max(1_000_000).optional(),
  probability: z.number().gt(0).max(1).optional(),
};

/** Whom a fault of the archive meets, and how often. */
const archiveAim = { ...aim, route: z.literal(ARCHIVE_ROUTE).default(ARCHIVE_ROUTE) };

/** Of a file: `2020-01-01`, or `2020-01` of a monthly one. */
const fileDate = z.string().regex(/^\d{4}-\d\d(?:-\d\d)?$/, 'must be YYYY-MM-DD or YYYY-MM');

/** Which files a lasting fault of the archive meets. */
const files = { symbol: symbol.optional(), date: fileDate.optional() };

const span = { start: wholeMinute, end: wholeMinute };
const inOrder = ({ start, end }: { start: number; end: number }): boolean => start < end;
const IN_ORDER = 'end must be after start';

/** Where a broken row stands: in answers of klines, or in the files of the archive. */
const ROW_PLACES = ['rest', 'archive'] as const;
export type RowPlace = (typeof ROW_PLACES)[number];

/** Whatever JSON has no name for: numbers, texts, null. */
const anyValue = z.union([z.string(), z.number(), z.boolean(), z.null()]);

export const faultSchema = z.discriminatedUnion('kind', [
  /** Any status with any body: an object is sent as JSON, a text as it is (`html` for its content type). */
  z.strictObject({
    kind: z.literal('status'),
    ...aim,
    status: z.number().int().min(200).max(599),
    body: z.union([z.string(), z.record(z.string(), z.unknown())]).optional(),
    headers: z.record(z.string(), z.string()).optional(),
    html: z.boolean().optional(),
  }),
  /** 429 with `Retry-After`, in seconds of the market clock. */
  z.strictObject({ kind: z.literal('rate-limit'), ...aim, retry_after_seconds: seconds.default(17) }),
  /** 418 with `Retry-After`, in seconds of the market clock. */
  z.strictObject({ kind: z.literal('ban'), ...aim, retry_after_seconds: seconds.default(120) }),
  /** The HTML 403 of the firewall before the exchange, which knows no weights. */
  z.strictObject({ kind: z.literal('waf'), ...aim }),
  /** The 451 of a restricted location. */
  z.strictObject({ kind: z.literal('geo-block'), ...aim }),
  /** The answer comes after `delay_ms` of real time. */
  z.strictObject({ kind: z.literal('slow'), ...aim, delay_ms: z.number().int().min(1).max(600_000) }),
  /** Half of the body, then the connection breaks. */
  z.strictObject({ kind: z.literal('cut'), ...aim }),
  /** A body that is not JSON although it says so. */
  z.strictObject({ kind: z.literal('malformed'), ...aim }),
  /** 200 without a body. */
  z.strictObject({ kind: z.literal('empty'), ...aim }),
  /** The body is followed by white space up to `bytes`. */
  z.strictObject({
    kind: z.literal('oversized'),
    ...aim,
    bytes: z.number().int().min(1).max(268_435_456).default(33_554_432),
  }),
  /** The body in UTF-16, which no route of the exchange uses. */
  z.strictObject({ kind: z.literal('utf-16'), ...aim }),
  /** `Content-Encoding: gzip` with half of the compressed body (`cut`), or with a body that is not compressed (`none`). */
  z.strictObject({ kind: z.literal('bad-gzip'), ...aim, defect: z.enum(['cut', 'none']).default('cut') }),
  /** The connection is reset before anything is answered (`request`), or within the body. */
  z.strictObject({ kind: z.literal('reset'), ...aim, at: z.enum(['request', 'body']).default('request') }),
  /** The weight used jumps to at least `used_weight`, as if another process shared the address. */
  z.strictObject({ kind: z.literal('weight'), ...aim, used_weight: z.number().int().min(1).max(1_000_000_000) }),
  /** Unknown keys in every object of the answer, and an unknown status in exchangeInfo. */
  z.strictObject({ kind: z.literal('extra'), ...aim }),
  /** Decimals lose their trailing zeros down to two places, as some routes of the exchange send them. */
  z.strictObject({ kind: z.literal('short-decimals'), ...aim }),
  /** The closed minute that opens at `open_time` has other numbers than before, and so has every bucket above it. */
  z.strictObject({ kind: z.literal('revise'), symbol, open_time: wholeMinute }),
  /** The minutes have no row and do not count in any bucket above them. */
  z.strictObject({ kind: z.literal('absent'), symbol, ...span }).refine(inOrder, IN_ORDER),
  /**
   * The symbol, or without one the whole exchange, stops: nothing trades, ids go on without a hole, the status is BREAK.
   * `days`: at the same time on so many days, one after the other.
   */
  z
    .strictObject({
      kind: z.literal('stop'),
      symbol: symbol.optional(),
      ...span,
      days: z.number().int().min(1).max(MOST_STOP_DAYS).default(1),
    })
    .refine(inOrder, IN_ORDER),
  /** A symbol is listed whose first minute opens at `start`; recordings have none. */
  z.strictObject({ kind: z.literal('list'), base_asset: asset, quote_asset: asset, start: wholeMinute }),
  /** The exchange does not know the symbol in the span, which is open without `end`; its archive keeps what it has. */
  z.strictObject({ kind: z.literal('delist'), symbol, start: wholeMinute, end: wholeMinute.optional() }),
  /** The newest `rows` closed klines, and what comes after them, are not there yet. */
  z.strictObject({ kind: z.literal('stale'), symbol: symbol.optional(), rows: z.number().int().min(1).max(500) }),
  /** A kline has other numbers in the first `seconds` of market time after its close. */
  z.strictObject({ kind: z.literal('forming-late'), symbol: symbol.optional(), seconds }),
  /**
   * In the rows that open in the span, in one place or in all, a field has another value (or its own time, shifted), or
   * only so many columns are there. `repeat`: the row stays as it is, and the broken one follows.
   */
  z
    .strictObject({
      kind: z.literal('broken-row'),
      symbol,
      ...span,
      interval: z.enum(INTERVALS).default('1m'),
      place: z.enum(ROW_PLACES).optional(),
      field: z.enum(KLINE_FIELDS).optional(),
      value: anyValue.optional(),
      shift_ms: z.number().int().optional(),
      columns: z.number().int().min(0).max(KLINE_FIELDS.length).optional(),
      repeat: z.boolean().default(false),
    })
    .refine(inOrder, IN_ORDER)
    .refine(({ value, shift_ms: shift }) => value === undefined || shift === undefined, 'value or shift_ms, not both')
    .refine(
      ({ field, value, shift_ms: shift, columns }) =>
        field === undefined ? columns !== undefined : value !== undefined || shift !== undefined,
      'a field goes with its value or shift_ms; without one, columns says how many are left',
    ),
  /** The ticker has another value in a field, or is not there. `repeat`: it stays as it is, and the broken one follows. */
  z
    .strictObject({
      kind: z.literal('broken-ticker'),
      symbol,
      field: z.string().min(1).max(50).default('lastPrice'),
      value: anyValue.optional(),
      absent: z.boolean().default(false),
      repeat: z.boolean().default(false),
    })
    .refine(({ value, absent }) => absent !== (value !== undefined), 'either value or absent'),
  /** The `.CHECKSUM` is that of another issue of the file. */
  z.strictObject({ kind: z.literal('archive-checksum'), ...archiveAim }),
  /** The files are not there. */
  z.strictObject({ kind: z.literal('archive-absent'), ...files }),
  /** The files begin with a line of column names. */
  z.strictObject({ kind: z.literal('archive-header'), ...files }),
  /** Every row stands in the files `copies` times. */
  z.strictObject({
    kind: z.literal('archive-duplicates'),
    ...files,
    copies: z.number().int().min(2).max(10).default(3),
  }),
  /** The file that holds `end` has no row from there on, with a hash that matches. */
  z.strictObject({ kind: z.literal('archive-truncated'), symbol: symbol.optional(), end: wholeMinute }),
  /** The row that holds the minute has other numbers in the monthly file than in the daily one. */
  z.strictObject({ kind: z.literal('archive-monthly-differs'), symbol: symbol.optional(), open_time: wholeMinute }),
  /** Every aggregate trade whose id is a multiple of `every` is invalid: no price, no quantity, ids of -1. */
  z.strictObject({ kind: z.literal('invalid-trades'), symbol, every: z.number().int().min(1).max(1_000_000) }),
  /** Aggregate trades with a smaller id than `first_id` are not served any more. */
  z.strictObject({ kind: z.literal('trade-id-floor'), symbol, first_id: z.number().int().nonnegative() }),
]);

export type Fault = z.infer<typeof faultSchema>;
export type FaultKind = Fault['kind'];
export type FaultOf<K extends FaultKind> = Extract<Fault, { kind: K }>;

/** Faults that change an answer, and those that change what there is: the market, its files, its trades. */
export type MarketFaultKind =
  | 'revise'
  | 'absent'
  | 'stop'
  | 'list'
  | 'delist'
  | 'stale'
  | 'forming-late'
  | 'broken-row'
  | 'broken-ticker'
  | 'archive-absent'
  | 'archive-header'
  | 'archive-duplicates'
  | 'archive-truncated'
  | 'archive-monthly-differs'
  | 'invalid-trades'
  | 'trade-id-floor';
export type AnswerFaultKind = Exclude<FaultKind, MarketFaultKind>;

export const faultListSchema = z.array(faultSchema).max(1_000);
