import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { strFromU8, unzipSync } from 'fflate';
import { DAY, isInterval, lengthWithinDay, type Interval } from '../interval';
import type { Instrument, TimeSpan } from '../market';
import { RecordedSeries, isKlineLine, openTimeOf } from './recorded-series';

/** What a folder of recorded files holds. */
export interface Recording {
  /** By symbol, then by interval; only intervals of at most a day. */
  readonly series: ReadonlyMap<string, ReadonlyMap<Interval, RecordedSeries>>;
  /** What recorded exchangeInfo answers say of symbols. */
  readonly instruments: ReadonlyMap<string, Instrument>;
  /** First digits of a SHA-256 over the contents of the files that were used, in the order of their paths. */
  readonly hash: string;
  /** Paths of the files that hold nothing that can be played. */
  readonly passedOver: readonly string[];
}

/** A folder that cannot be played; the message names the file and the reason. */
export class RecordingError extends Error {}

interface Piece {
  readonly symbol: string;
  readonly interval: Interval;
  readonly lines: readonly string[];
  readonly span: TimeSpan;
}

interface Contents {
  readonly pieces: readonly Piece[];
  readonly instruments: readonly Instrument[];
}

const ARCHIVE_NAME = /^(?<symbol>.+)-(?<interval>\d+(?:[smhdw]|M|mo))-(?<date>\d{4}-\d\d(?:-\d\d)?)\.(?:zip|csv)$/u;
const HASH_DIGITS = 12;

/**
 * Reads every file in a folder and below it: archive zips and CSVs named SYMBOL-INTERVAL-DATE, and gzipped JSON of REST
 * answers: exchangeInfo, or a map from query string to kline rows. Throws a RecordingError when nothing can be played.
 */
export function readRecording(folder: string): Recording {
  const pieces: Piece[] = [];
  const instruments = new Map<string, Instrument>();
  const passedOver: string[] = [];
  const hash = createHash('sha256');
  for (const path of filesBelow(folder)) {
    const bytes = readFileSync(path);
    const contents = readFile(path, bytes);
    if (contents === undefined) {
      passedOver.push(relative(folder, path));
      continue;
    }
    hash.update(createHash('sha256').update(bytes).digest());
    pieces.push(...contents.pieces);
    for (const instrument of contents.instruments) {
      instruments.set(instrument.symbol, instrument);
    }
  }
  if (pieces.length === 0) {
    throw new RecordingError(`no klines to play in ${folder}`);
  }
  return {
    series: seriesOf(pieces),
    instruments,
    hash: hash.digest('hex').slice(0, HASH_DIGITS),
    passedOver,
  };
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  } catch (error) {
    throw new RecordingError(`cannot read ${folder}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Undefined for a file that is no recording this market can play. */
function readFile(path: string, bytes: Buffer): Contents | undefined {
  const name = basename(path);
  const archive = ARCHIVE_NAME.exec(name)?.groups;
  if (archive !== undefined) {
    const { symbol = '', interval = '', date = '' } = archive;
    if (!isInterval(interval) || lengthWithinDay(interval) === undefined) {
      return undefined;
    }
    const lines = csvLines(path, name.endsWith('.zip') ? unzippedCsv(path, bytes) : bytes.toString('utf8'));
    return { pieces: [{ symbol, interval, lines, span: spanOfDate(date) }], instruments: [] };
  }
  return name.endsWith('.json.gz') ? contentsOfJson(jsonOf(path, bytes)) : undefined;
}

function unzippedCsv(path: string, bytes: Buffer): string {
  try {
    return Object.entries(unzipSync(bytes))
      .filter(([name]) => name.endsWith('.csv'))
      .map(([, content]) => strFromU8(content))
      .join('\n');
  } catch (error) {
    throw new RecordingError(
      `${path} is not a readable zip: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function csvLines(path: string, text: string): string[] {
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  // Spot archives have no header, but other archives of the exchange do.
  const rows = /^\d/.test(lines[0] ?? '0') ? lines : lines.slice(1);
  const bad = rows.findIndex((line) => !isKlineLine(line));
  if (bad !== -1) {
    throw new RecordingError(
      `${path}: row ${bad + 1} is not a kline of twelve columns: ${rows[bad]?.slice(0, 100) ?? ''}`,
    );
  }
  return rows;
}

/** The day or the month an archive file is for, whether its first and last rows exist or not. */
function spanOfDate(date: string): TimeSpan {
  const [year = 0, month = 1, day] = date.split('-').map(Number);
  const start = Date.UTC(year, month - 1, day ?? 1);
  return { start, end: day === undefined ? Date.UTC(year, month, 1) : start + DAY };
}

function jsonOf(path: string, bytes: Buffer): unknown {
  try {
    return JSON.parse(gunzipSync(bytes).toString('utf8'));
  } catch (error) {
    throw new RecordingError(`${path} is not gzipped JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function contentsOfJson(json: unknown): Contents | undefined {
  if (!isRecord(json)) {
    return undefined;
  }
  if (Array.isArray(json['symbols'])) {
    return { pieces: [], instruments: json['symbols'].flatMap((info: unknown) => instrumentOf(info) ?? []) };
  }
  const pieces = Object.entries(json).flatMap(([query, rows]) => pieceOfAnswer(query, rows) ?? []);
  return pieces.length > 0 ? { pieces, instruments: [] } : undefined;
}

function pieceOfAnswer(query: string, rows: unknown): Piece | undefined {
  const parameters = new URLSearchParams(query.slice(query.indexOf('?') + 1));
  const symbol = parameters.get('symbol') ?? '';
  const interval = parameters.get('interval') ?? '';
  if (symbol === '' || !isInterval(interval) || !Array.isArray(rows)) {
    return undefined;
  }
  const length = lengthWithinDay(interval);
  const lines = rows.map((row: unknown) => (Array.isArray(row) ? row.join(',') : '')).filter(isKlineLine);
  const [first] = lines;
  const last = lines.at(-1);
  if (length === undefined || first === undefined || last === undefined) {
    return undefined;
  }
  return { symbol, interval, lines, span: { start: openTimeOf(first), end: openTimeOf(last) + length } };
}

function instrumentOf(info: unknown): Instrument | undefined {
  if (!isRecord(info)) {
    return undefined;
  }
  const { symbol, baseAsset, quoteAsset, filters } = info;
  if (typeof symbol !== 'string' || typeof baseAsset !== 'string' || typeof quoteAsset !== 'string') {
    return undefined;
  }
  return { symbol, baseAsset, quoteAsset, filters: Array.isArray(filters) ? filters.filter(isRecord) : [] };
}

function seriesOf(pieces: readonly Piece[]): Map<string, Map<Interval, RecordedSeries>> {
  const grouped = new Map<string, Map<Interval, Piece[]>>();
  for (const piece of pieces) {
    const intervals = grouped.get(piece.symbol) ?? new Map<Interval, Piece[]>();
    intervals.set(piece.interval, [...(intervals.get(piece.interval) ?? []), piece]);
    grouped.set(piece.symbol, intervals);
  }
  return new Map(
    [...grouped].map(([symbol, intervals]) => [
      symbol,
      new Map([...intervals].map(([interval, parts]) => [interval, RecordedSeries.of(parts)])),
    ]),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
