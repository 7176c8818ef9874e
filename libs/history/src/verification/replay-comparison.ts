import { floorTo, type EpochMicros, type ReplayDifference, type TimeRange } from '@app/domain';
import type { HistoryKinds } from '../kinds/history-kinds';
import type { KindHistory } from '../kinds/kind-history';
import type { RowFinder } from '../rows/unit';
import type { FetchedCaptures } from './fetched-captures';
import { knownSymbols } from '../units/known-symbols';
import { captureIdentity, capturesIn, rowSpan, type RowCapture, type RowSpan } from './row-captures';

/** A row and a line that do not agree, with the time of the capture that one side lacks. */
export type CaptureDifference = ReplayDifference & { readonly capturedAt: EpochMicros };

/** Lines that are replayed into tables. */
export interface ReplayedLines {
  /** First day of capture of which lines are kept. */
  firstDay(topics: readonly string[]): EpochMicros | undefined;
  /** Takes the lines that came since; false when there were none. */
  catchUp(signal: AbortSignal): Promise<boolean>;
}

export interface ComparedTables {
  readonly kinds: HistoryKinds;
  readonly stored: RowFinder;
  readonly replayed: RowFinder;
  readonly lines: ReplayedLines;
  /** What has been fetched by now. */
  fetched(): FetchedCaptures;
}

/** How often what the capturing process adds meanwhile is read after, before a difference counts. */
const CATCH_UPS = 3;

/**
 * Where tables differ from those that their lines make. Every line has to be in the tables, as a row or as another capture
 * of its key, and every row that was not fetched has to have a line.
 */
export async function differencesOf(tables: ComparedTables, signal: AbortSignal): Promise<CaptureDifference[]> {
  await tables.lines.catchUp(signal);
  let differences = await compareAll(tables, signal);
  for (let round = 0; round < CATCH_UPS && differences.length > 0; round += 1) {
    if (!(await tables.lines.catchUp(signal))) break;
    differences = await compareAll(tables, signal);
  }
  return differences;
}

async function compareAll(tables: ComparedTables, signal: AbortSignal): Promise<CaptureDifference[]> {
  const { kinds, stored, replayed, lines } = tables;
  const fetched = tables.fetched();
  const symbols = new Set([...(await stored.find(knownSymbols())), ...(await replayed.find(knownSymbols()))]);
  const found: CaptureDifference[] = [];
  for (const kind of kinds) {
    const history = kinds.historyOf(kind);
    const linesSince = lines.firstDay([kind.topic]);
    for (const symbol of symbols) {
      const [rowsSpan, linesSpan] = [
        await stored.find(rowSpan(history, symbol)),
        await replayed.find(rowSpan(history, symbol)),
      ];
      const kept = { rowsSince: rowsSpan?.first ?? 0, linesSince, fetched };
      for (const range of pages(history.pageSpan, rowsSpan, linesSpan)) {
        signal.throwIfAborted();
        const ofRows = await stored.find(capturesIn(history, symbol, range));
        const ofLines = await replayed.find(capturesIn(history, symbol, range));
        found.push(...compareCaptures(history, ofRows, ofLines, kept));
      }
    }
  }
  return found;
}

/** What is kept of the past on either side. */
interface KeptCaptures {
  /** Time of the first row. */
  readonly rowsSince: EpochMicros;
  /** First day of capture of which there are lines; undefined where there are none. */
  readonly linesSince: EpochMicros | undefined;
  readonly fetched: FetchedCaptures;
}

/** Captures of one symbol and range that one side alone has, apart from those that the other side need not have. */
function compareCaptures(
  history: KindHistory,
  rows: readonly RowCapture[],
  lines: readonly RowCapture[],
  { rowsSince, linesSince, fetched }: KeptCaptures,
): CaptureDifference[] {
  const difference = (
    { symbol, time, capturedAt }: RowCapture,
    onlyIn: ReplayDifference['onlyIn'],
  ): CaptureDifference => ({
    table: history.rows.name,
    symbol,
    time,
    timeText: history.timeText(time),
    capturedAt,
    onlyIn,
  });
  // Rows may be kept for a shorter time than lines.
  const lost = notIn(rows, lines).filter(({ time }) => time >= rowsSince);
  const unfounded = notIn(lines, rows).filter(
    (row) => linesSince !== undefined && row.capturedAt >= linesSince && !fetched.has(row),
  );
  return [...lost.map((line) => difference(line, 'bronze')), ...unfounded.map((row) => difference(row, 'tables'))];
}

/** Captures that the others do not have, apart from those that never had a line. */
function notIn(others: readonly RowCapture[], captures: readonly RowCapture[]): RowCapture[] {
  const recorded = captures.filter(({ isUnrecorded }) => !isUnrecorded);
  // As of most of a history: what was fetched has no lines.
  if (recorded.length === 0 || others.length === 0) return recorded;
  const known = new Set(others.map(captureIdentity));
  return recorded.filter((capture) => !known.has(captureIdentity(capture)));
}

/** The parts of what either of the spans covers. */
function* pages(step: EpochMicros, ...spans: (RowSpan | undefined)[]): Generator<TimeRange> {
  const known = spans.filter((span) => span !== undefined);
  if (known.length === 0) return;
  const end = Math.max(...known.map(({ last }) => last)) + 1;
  for (let start = floorTo(Math.min(...known.map(({ first }) => first)), step); start < end; start += step) {
    yield { start, end: start + step };
  }
}
