import {
  ContractViolationError,
  formatBucketTime,
  formatEventTime,
  type EpochMicros,
  type EventKind,
  type ReplayDifference,
} from '@app/domain';
import type { FoundLine } from '../bronze/bronze-lines';
import { checkEvent, type CheckedEvent } from '../sink/checked-event';
import { rowContentOf } from '../sink/row-content';
import type { RowVersions } from './row-versions';

/** A row of the tables that no line of bronze makes. */
export interface RowWithoutLine {
  readonly table: ReplayDifference['table'];
  readonly symbol: string;
  readonly time: EpochMicros;
  readonly capturedAt: EpochMicros;
}

/** A line that is not what was written. */
interface AlteredLine {
  readonly number: number;
  /** What is wrong with it where it is no event any more. */
  readonly unreadable: string | undefined;
  /** What it still names, where the tables have another row under that name. */
  readonly names: RowWithoutLine | undefined;
}

interface AlteredFileParts {
  readonly versions: RowVersions;
  /** Rows of the tables that a line of this file may have made. */
  readonly lost: readonly RowWithoutLine[];
  /** Lines that could not be read when the file was taken up. */
  readonly unreadableBefore: number;
}

/** Rows that are named where it cannot be told which of them a line was. */
const MOST_NAMED = 5;

/**
 * Tells which lines of an altered file are not what was written, and what is lost with them: the tables have the rows that
 * the lines made, as long as these are kept.
 */
export async function describeAlteredLines(
  file: string,
  kind: EventKind,
  lines: Iterable<FoundLine> | AsyncIterable<FoundLine>,
  { versions, lost, unreadableBefore }: AlteredFileParts,
): Promise<string[]> {
  const altered: AlteredLine[] = [];
  const kept = new KeptRows(versions);
  let number = 0;
  for await (const { text } of lines) {
    number += 1;
    const line = judge(number, kind, text, versions, kept);
    if (line) altered.push(line);
  }
  const broken = altered.filter(({ unreadable }) => unreadable !== undefined);
  // Lines that were no events when they were taken up are as they were then.
  const isBrokenSince = broken.length > unreadableBefore;
  const asBefore = isBrokenSince
    ? []
    : broken.map(({ number: at, unreadable }) => `${file}, line ${at}: ${unreadable}`);
  // Where lines were broken, one that the tables contradict may be a row that somebody altered: it is told of as a
  // difference of the two.
  const told = isBrokenSince ? broken : altered.filter(({ unreadable }) => unreadable === undefined);
  if (told.length === 0) {
    return [
      ...asBefore,
      `${file}: altered outside this program (its CRC-32 is another), but no line of it contradicts the tables, as far ` +
        'as they still have its rows',
    ];
  }
  const unnamed = told.filter(({ names }) => names === undefined);
  const named = new Set(altered.map(({ names }) => names && nameOf(names)));
  const rest = lost.filter((row) => !named.has(nameOf(row))).sort((a, b) => a.capturedAt - b.capturedAt);
  const described = told.map((line) => {
    const rows = line.names ? [line.names] : candidates(rest, unnamed.indexOf(line), unnamed.length);
    const state = line.unreadable === undefined ? '' : `, and no event any more (${line.unreadable})`;
    return `${file}, line ${line.number}: altered outside this program${state}; ${lossOf(rows)}`;
  });
  return [...asBefore, ...described];
}

/** From when on the tables have rows, which may be kept for a shorter time than lines. */
class KeptRows {
  private readonly bySymbol = new Map<string, EpochMicros>();

  constructor(private readonly versions: RowVersions) {}

  /** Of a symbol that the tables do not know: as of all others. */
  since(table: RowWithoutLine['table'], symbol: string): EpochMicros {
    const key = `${table} ${symbol}`;
    const known = this.bySymbol.get(key);
    if (known !== undefined) return known;
    const since = this.versions.span(table, symbol)?.first ?? this.ofAll(table);
    this.bySymbol.set(key, since);
    return since;
  }

  private ofAll(table: RowWithoutLine['table']): EpochMicros {
    const firsts = this.versions.symbols().map((symbol) => this.versions.span(table, symbol)?.first ?? Infinity);
    return Math.min(Infinity, ...firsts);
  }
}

function judge(
  number: number,
  kind: EventKind,
  text: string,
  versions: RowVersions,
  kept: KeptRows,
): AlteredLine | undefined {
  let event: CheckedEvent;
  try {
    event = checkEvent(kind, text);
  } catch (error) {
    if (!(error instanceof ContractViolationError)) throw error;
    return { number, unreadable: error.message, names: undefined };
  }
  const { table, symbol, time, capturedAt, source, content } = rowContentOf(event);
  const stored = versions.of(table, symbol, { start: time, end: time + 1 });
  if (stored.some((row) => row.capturedAt === capturedAt && row.source === source && row.content === content)) {
    return undefined;
  }
  if (stored.length === 0 && time < kept.since(table, symbol)) return undefined;
  const isKnown = stored.some((row) => row.capturedAt === capturedAt);
  return { number, unreadable: undefined, names: isKnown ? { table, symbol, time, capturedAt } : undefined };
}

/** The rows that a line may have made: lines are in the order of their capture, so that the n-th lacks the n-th row. */
function candidates(rest: readonly RowWithoutLine[], index: number, lines: number): readonly RowWithoutLine[] {
  if (lines === 1) return rest;
  const own = rest[index];
  if (rest.length !== lines || !own) return [];
  return rest.filter(({ capturedAt }) => capturedAt === own.capturedAt);
}

function lossOf(rows: readonly RowWithoutLine[]): string {
  if (rows.length === 0) return 'which row it made cannot be told any more';
  const named = rows.slice(0, MOST_NAMED).map(nameOf).join(' or ');
  const more = rows.length > MOST_NAMED ? ` or one of ${rows.length - MOST_NAMED} more` : '';
  return `lost is what it said of ${named}${more}, which the tables alone still have`;
}

function nameOf({ table, symbol, time }: RowWithoutLine): string {
  return `${symbol} ${table === 'candles_1m' ? formatBucketTime(time) : formatEventTime(time)}`;
}
