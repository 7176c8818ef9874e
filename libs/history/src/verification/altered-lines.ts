import {
  checkEvent,
  ContractViolationError,
  DAY,
  floorTo,
  type CheckedEvent,
  type EpochMicros,
  type EventKind,
} from '@app/domain';
import type { KindHistory } from '../kinds/kind-history';
import type { RowFinder } from '../rows/unit';
import type { CaptureDifference } from './replay-comparison';
import { knownSymbols } from '../units/known-symbols';
import { captureIdentity, captureOfEvent, capturesIn, rowSpan } from './row-captures';

/** A row of the tables that no line of bronze makes. */
export interface RowWithoutLine {
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

/** A file of events whose bytes are others than were written. */
export interface AlteredFile {
  readonly file: string;
  readonly kind: EventKind;
  readonly lines: Iterable<{ readonly text: string }> | AsyncIterable<{ readonly text: string }>;
  /** Lines that could not be read when the file was taken up. */
  readonly unreadableBefore: number;
}

interface HeldRows {
  readonly history: KindHistory;
  readonly store: RowFinder;
  /** Rows of the tables that a line of this file may have made. */
  readonly lost: readonly RowWithoutLine[];
}

/** Rows without a line that a line of a file may have made, which has lines of one UTC day of captures. */
export function lostWith(
  { date }: { readonly date: EpochMicros },
  history: KindHistory,
  differences: readonly CaptureDifference[],
): CaptureDifference[] {
  return differences.filter(
    ({ table, onlyIn, capturedAt }) =>
      onlyIn === 'tables' && table === history.rows.name && floorTo(capturedAt, DAY) === date,
  );
}

/** Rows that are named where it cannot be told which of them a line was. */
const MOST_NAMED = 5;

/**
 * Tells which lines of an altered file are not what was written, and what is lost with them: the tables have the rows that
 * the lines made, as long as these are kept.
 */
export async function describeAlteredLines(
  { file, kind, lines, unreadableBefore }: AlteredFile,
  { history, store, lost }: HeldRows,
): Promise<string[]> {
  const altered: AlteredLine[] = [];
  const kept = new KeptRows(history, store);
  const nameOf = ({ symbol, time }: RowWithoutLine): string => `${symbol} ${history.timeText(time)}`;
  let number = 0;
  for await (const { text } of lines) {
    number += 1;
    const line = await judge(number, text, kind, kept);
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
    return `${file}, line ${line.number}: altered outside this program${state}; ${lossOf(rows.map(nameOf))}`;
  });
  return [...asBefore, ...described];
}

/** Rows of the tables, which may be kept for a shorter time than lines. */
class KeptRows {
  private readonly firsts = new Map<string, EpochMicros>();
  private first: EpochMicros | undefined;

  constructor(
    readonly history: KindHistory,
    readonly store: RowFinder,
  ) {}

  /** From when on there are rows. Of a symbol that the tables do not know: as of all others. */
  async since(symbol: string): Promise<EpochMicros> {
    const known = this.firsts.get(symbol);
    if (known !== undefined) return known;
    const since = (await this.store.find(rowSpan(this.history, symbol)))?.first ?? (await this.ofAll());
    this.firsts.set(symbol, since);
    return since;
  }

  private async ofAll(): Promise<EpochMicros> {
    if (this.first !== undefined) return this.first;
    let first = Infinity;
    for (const symbol of await this.store.find(knownSymbols())) {
      first = Math.min(first, (await this.store.find(rowSpan(this.history, symbol)))?.first ?? Infinity);
    }
    return (this.first = first);
  }
}

async function judge(number: number, text: string, kind: EventKind, kept: KeptRows): Promise<AlteredLine | undefined> {
  let event: CheckedEvent;
  try {
    event = checkEvent(kind, text);
  } catch (error) {
    if (!(error instanceof ContractViolationError)) throw error;
    return { number, unreadable: error.message, names: undefined };
  }
  const capture = captureOfEvent(event, kept.history);
  const { symbol, time, capturedAt } = capture;
  const stored = await kept.store.find(capturesIn(kept.history, symbol, { start: time, end: time + 1 }));
  if (stored.some((row) => captureIdentity(row) === captureIdentity(capture))) return undefined;
  if (stored.length === 0 && time < (await kept.since(symbol))) return undefined;
  const isKnown = stored.some((row) => row.capturedAt === capturedAt);
  return { number, unreadable: undefined, names: isKnown ? { symbol, time, capturedAt } : undefined };
}

/** The rows that a line may have made: lines are in the order of their capture, so that the n-th lacks the n-th row. */
function candidates(rest: readonly RowWithoutLine[], index: number, lines: number): readonly RowWithoutLine[] {
  if (lines === 1) return rest;
  const own = rest[index];
  if (rest.length !== lines || !own) return [];
  return rest.filter(({ capturedAt }) => capturedAt === own.capturedAt);
}

function lossOf(rows: readonly string[]): string {
  if (rows.length === 0) return 'which row it made cannot be told any more';
  const named = rows.slice(0, MOST_NAMED).join(' or ');
  const more = rows.length > MOST_NAMED ? ` or one of ${rows.length - MOST_NAMED} more` : '';
  return `lost is what it said of ${named}${more}, which the tables alone still have`;
}
