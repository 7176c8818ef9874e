import type { FoundLine } from '@app/bronze';
import { checkEvent, ContractViolationError, type CheckedEvent, type EpochMicros, type EventKind } from '@app/domain';
import type { KindHistory } from '@app/history';
import { rowContentOf } from './row-content';
import type { RowVersions } from './row-versions';

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

interface AlteredFileParts {
  readonly kind: EventKind;
  readonly history: KindHistory;
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
  lines: Iterable<FoundLine> | AsyncIterable<FoundLine>,
  { kind, history, versions, lost, unreadableBefore }: AlteredFileParts,
): Promise<string[]> {
  const altered: AlteredLine[] = [];
  const kept = new KeptRows(history, versions);
  const nameOf = ({ symbol, time }: RowWithoutLine): string => `${symbol} ${history.timeText(time)}`;
  let number = 0;
  for await (const { text } of lines) {
    number += 1;
    const line = judge(number, text, { kind, history, versions, kept });
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

/** From when on the tables have rows, which may be kept for a shorter time than lines. */
class KeptRows {
  private readonly bySymbol = new Map<string, EpochMicros>();

  constructor(
    private readonly history: KindHistory,
    private readonly versions: RowVersions,
  ) {}

  /** Of a symbol that the tables do not know: as of all others. */
  since(symbol: string): EpochMicros {
    const known = this.bySymbol.get(symbol);
    if (known !== undefined) return known;
    const since = this.versions.span(this.history, symbol)?.first ?? this.ofAll();
    this.bySymbol.set(symbol, since);
    return since;
  }

  private ofAll(): EpochMicros {
    const firsts = this.versions.symbols().map((symbol) => this.versions.span(this.history, symbol)?.first ?? Infinity);
    return Math.min(Infinity, ...firsts);
  }
}

function judge(
  number: number,
  text: string,
  {
    kind,
    history,
    versions,
    kept,
  }: Pick<AlteredFileParts, 'kind' | 'history' | 'versions'> & { readonly kept: KeptRows },
): AlteredLine | undefined {
  let event: CheckedEvent;
  try {
    event = checkEvent(kind, text);
  } catch (error) {
    if (!(error instanceof ContractViolationError)) throw error;
    return { number, unreadable: error.message, names: undefined };
  }
  const { symbol, time, capturedAt, source, content } = rowContentOf(event, history);
  const stored = versions.of(history, symbol, { start: time, end: time + 1 });
  if (stored.some((row) => row.capturedAt === capturedAt && row.source === source && row.content === content)) {
    return undefined;
  }
  if (stored.length === 0 && time < kept.since(symbol)) return undefined;
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
