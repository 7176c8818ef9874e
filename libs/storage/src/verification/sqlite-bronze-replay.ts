import { statSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  CompressedFileError,
  gzipLines,
  isAlteredFile,
  linesFrom,
  MANIFEST_FILE,
  readManifest,
  spansAfter,
  type BronzeArchive,
  type BronzeLosses,
  type FoundLine,
} from '@app/bronze';
import {
  ARCHIVE_SOURCE,
  BronzeReplay,
  checkEvent,
  closeOfMinute,
  ContractViolationError,
  DAY,
  floorTo,
  isStampedAhead,
  parseIsoTime,
  SINK_UNIT_EVENTS,
  type CheckedEvent,
  type EpochMicros,
  type EventKind,
  type RecordedFetch,
  type ReplayDifference,
  type ReplayReport,
  type TimeRange,
} from '@app/domain';
import type { ScratchFolders } from '@app/files';
import { clockSpans, findOnly, runUnit, type HistoryKinds } from '@app/history';
import type { SqliteHandle } from '../database/sqlite-connection';
import { SqliteRows } from '../rows/sqlite-rows';
import { describeAlteredLines } from './altered-lines';
import { FetchProof } from './fetch-proof';
import { RowVersions, type RowVersion } from './row-versions';
import { ScratchStore } from './scratch-store';

/** With the time of the capture that one side lacks. */
type Difference = ReplayDifference & { readonly capturedAt: EpochMicros };

/** What was fetched, by symbol and time of capture, and what of it a clock that was ahead has stamped. */
interface Fetches {
  readonly byCapture: Map<string, TimeRange[]>;
  readonly stampedAhead: Pick<RecordedFetch, 'symbol' | 'range'>[];
}

const GZIP_ENDING = '.gz';
/** How often what the capturing process adds meanwhile is read after, before a difference counts. */
const CATCH_UPS = 3;

/** Replays bronze through the sink into a scratch store and compares the two, row by row and version by version. */
export class SqliteBronzeReplay extends BronzeReplay {
  constructor(
    private readonly database: SqliteHandle,
    private readonly archive: BronzeArchive,
    private readonly losses: BronzeLosses,
    private readonly kinds: HistoryKinds,
    private readonly scratchFolders: ScratchFolders,
  ) {
    super();
  }

  async compare(signal: AbortSignal): Promise<ReplayReport> {
    // It holds what came as lines, and so no more rows than the store.
    const scratch = await ScratchStore.open(this.kinds, this.scratchFolders, statSync(this.database.name).size);
    try {
      scratch.know(runUnit(new SqliteRows(this.database), findOnly(clockSpans())));
      const replay = new Replay(this.archive, this.kinds, scratch);
      await replay.catchUp(signal);
      let differences = await this.differences(scratch, replay, signal);
      for (let round = 0; round < CATCH_UPS && differences.length > 0; round += 1) {
        if (!(await replay.catchUp(signal))) break;
        differences = await this.differences(scratch, replay, signal);
      }
      const versions = new RowVersions(this.database);
      return {
        lines: replay.lines,
        since: replay.firstDay(this.kinds.topics),
        differences,
        damage: await this.damage(replay, versions, differences, signal),
        fetches: await new FetchProof(this.archive, versions).run(signal),
      };
    } finally {
      await scratch.close();
    }
  }

  /** Files that are not what was written, line by line where it can be told, and lines that never were events. */
  private async damage(
    replay: Replay,
    versions: RowVersions,
    differences: readonly Difference[],
    signal: AbortSignal,
  ): Promise<string[]> {
    const { archive } = this;
    const found: string[] = [];
    const altered = new Set<string>();
    for (const { file } of archive.storedFiles()) {
      if (!(await isAlteredFile(archive, file, { signal }))) continue;
      altered.add(file);
      found.push(...(await this.alteredLines(file, versions, differences)));
    }
    for (const { file, expectedBytes, foundBytes } of archive.damage()) {
      found.push(`${file}: ${foundBytes} of ${expectedBytes} bytes are left; the lines behind them are lost`);
    }
    for (const { file, text } of replay.unreadable) if (!altered.has(file)) found.push(text);
    return found;
  }

  private async alteredLines(
    file: string,
    versions: RowVersions,
    differences: readonly Difference[],
  ): Promise<string[]> {
    const path = this.archive.pathOf(file);
    const known = this.archive.files(this.kinds.topics).find((found) => found.file === file);
    const kind = known && this.kinds.ofTopic(known.topic);
    if (!kind) return alteredManifest(file, path, this.archive.storedLength(file) ?? 0);
    const history = this.kinds.historyOf(kind);
    const isOfFile = ({ table, onlyIn, capturedAt }: Difference): boolean =>
      onlyIn === 'tables' && table === history.rows.name && floorTo(capturedAt, DAY) === known.date;
    const lines = known.compressed ? gzipLines(path) : linesBefore(path, known.storedLength);
    try {
      const { lines: unreadableBefore = 0 } = this.losses.all().find((loss) => loss.file === file) ?? {};
      const lost = differences.filter(isOfFile);
      return await describeAlteredLines(file, lines, { kind, history, versions, lost, unreadableBefore });
    } catch (error) {
      if (!(error instanceof CompressedFileError)) throw error;
      return [`${file}: altered outside this program, and no gzip file that can be read to its end any more`];
    }
  }

  private async differences(scratch: ScratchStore, replay: Replay, signal: AbortSignal): Promise<Difference[]> {
    const [stored, replayed] = [new RowVersions(this.database), new RowVersions(scratch.database)];
    const fetches = this.fetches();
    const found: Difference[] = [];
    for (const kind of this.kinds) {
      const history = this.kinds.historyOf(kind);
      const since = replay.firstDay([kind.topic]);
      for (const symbol of new Set([...stored.symbols(), ...replayed.symbols()])) {
        const keptFrom = stored.span(history, symbol)?.first ?? 0;
        for (const range of steps(history.pageSpan, stored.span(history, symbol), replayed.span(history, symbol))) {
          signal.throwIfAborted();
          const [rows, lines] = [stored.of(history, symbol, range), replayed.of(history, symbol, range)];
          const difference = ({ time, capturedAt }: RowVersion, onlyIn: Difference['onlyIn']): Difference => ({
            table: history.rows.name,
            symbol,
            time,
            timeText: history.timeText(time),
            capturedAt,
            onlyIn,
          });
          for (const line of notIn(rows, lines)) {
            // Rows may be kept for a shorter time than lines.
            if (line.time >= keptFrom) found.push(difference(line, 'bronze'));
          }
          for (const row of notIn(lines, rows)) {
            const hasLine = since !== undefined && row.capturedAt >= since && !isFetched(fetches, symbol, row);
            if (hasLine) found.push(difference(row, 'tables'));
          }
        }
        await nextTurn();
      }
    }
    return found;
  }

  /** What was fetched, and so has no line. */
  private fetches(): Fetches {
    const fetches: Fetches = { byCapture: new Map(), stampedAhead: [] };
    const { entries } = readManifest(this.archive.pathOf(MANIFEST_FILE));
    for (const entry of entries) {
      if (entry.kind !== 'fetch') continue;
      const { symbol, fetchedAt, range, line } = entry.fetch;
      const key = `${symbol} ${fetchedAt}`;
      fetches.byCapture.set(key, [...(fetches.byCapture.get(key) ?? []), range]);
      if (isStampedAhead(spansAfter(entries, line), fetchedAt, range.start)) fetches.stampedAhead.push(entry.fetch);
    }
    return fetches;
  }
}

/** Bronze as far as it has been read. */
class Replay {
  lines = 0;
  readonly unreadable: { readonly file: string; readonly text: string }[] = [];
  /** How far each file has been read: bytes, and lines. */
  private readonly read = new Map<string, { readonly end: number; readonly lines: number }>();

  constructor(
    private readonly archive: BronzeArchive,
    private readonly kinds: HistoryKinds,
    private readonly scratch: ScratchStore,
  ) {}

  /** First day of capture of which lines are kept. */
  firstDay(topics: readonly string[]): EpochMicros | undefined {
    const days = this.archive
      .files(topics)
      .flatMap(
        ({ file }) => parseIsoTime(/\d{4}-\d{2}-\d{2}/.exec(file.slice(file.lastIndexOf('_')))?.[0] ?? '') ?? [],
      );
    return days.length === 0 ? undefined : Math.min(...days);
  }

  /** Takes the lines that are accounted for and not read yet; false when there were none. */
  async catchUp(signal: AbortSignal): Promise<boolean> {
    const before = this.lines;
    for (const kind of this.kinds) {
      for (const { file, storedLength, compressed } of this.archive.files([kind.topic])) {
        let events: CheckedEvent[] = [];
        const name = compressed ? file.slice(0, -GZIP_ENDING.length) : file;
        const before = this.read.get(name) ?? { end: 0, lines: 0 };
        const path = this.archive.pathOf(file);
        let number = compressed ? 0 : before.lines;
        try {
          for await (const { text, end } of compressed ? gzipLines(path) : linesFrom(path, before.end)) {
            // The stored length of a compressed file is another one; it is whole.
            if (!compressed && end > storedLength) break;
            number += 1;
            if (end <= before.end) continue;
            events.push(...this.check(file, number, kind, text));
            this.read.set(name, { end, lines: number });
            this.lines += 1;
            if (events.length < SINK_UNIT_EVENTS) continue;
            this.scratch.take(events);
            events = [];
            await nextTurn();
            signal.throwIfAborted();
          }
        } catch (error) {
          if (!(error instanceof CompressedFileError)) throw error;
          this.note(file, error.message);
        }
        this.scratch.take(events);
      }
    }
    return this.lines > before;
  }

  private check(file: string, number: number, kind: EventKind, text: string): CheckedEvent[] {
    try {
      return [checkEvent(kind, text)];
    } catch (error) {
      if (!(error instanceof ContractViolationError)) throw error;
      this.note(file, `${file}, line ${number}: ${error.message}`);
      return [];
    }
  }

  /** Each is said once, however often a file is read. */
  private note(file: string, text: string): void {
    if (!this.unreadable.some((known) => known.text === text)) this.unreadable.push({ file, text });
  }
}

/** Lines of the manifest that cannot be read any more; what the others say of fetches is held against the rows. */
function alteredManifest(file: string, path: string, end: number): string[] {
  const { unreadable: faults } = readManifest(path, end);
  const altered = 'altered outside this program';
  if (faults.length === 0) return [`${file}: ${altered} (its CRC-32 is another); each of its lines can still be read`];
  return faults.map(
    ({ number, reason }) =>
      `${file}, line ${number}: ${altered}: ${reason}; lost is where the minutes came from that it spoke of, so that ` +
      '`rebuild` would not fetch them again',
  );
}

function* linesBefore(path: string, end: number): Generator<FoundLine> {
  for (const line of linesFrom(path, 0)) {
    if (line.end > end) return;
    yield line;
  }
}

/** The parts of what either of the spans covers. */
function* steps(
  step: EpochMicros,
  ...spans: ({ readonly first: number; readonly last: number } | undefined)[]
): Generator<TimeRange> {
  const known = spans.filter((span) => span !== undefined);
  if (known.length === 0) return;
  const end = Math.max(...known.map(({ last }) => last)) + 1;
  for (let start = floorTo(Math.min(...known.map(({ first }) => first)), step); start < end; start += step) {
    yield { start, end: start + step };
  }
}

/** Captures that the others do not have, apart from those that never had a line. */
function notIn(others: readonly RowVersion[], versions: readonly RowVersion[]): RowVersion[] {
  const identity = ({ time, capturedAt, source, content }: RowVersion): string =>
    `${time} ${capturedAt} ${source} ${content}`;
  const known = new Set(others.map(identity));
  return versions.filter((version) => !version.isUnrecorded && !known.has(identity(version)));
}

function isFetched(
  { byCapture, stampedAhead }: Fetches,
  symbol: string,
  { time, capturedAt, source }: RowVersion,
): boolean {
  // Also of an import that is on its way: the manifest hears of a file with its last day.
  if (source === ARCHIVE_SOURCE) return true;
  const holds = ({ start, end }: TimeRange): boolean => time >= start && time < end;
  const ranges = byCapture.get(`${symbol} ${capturedAt}`) ?? [];
  if (ranges.some(holds)) return true;
  return (
    capturedAt === closeOfMinute(time) && stampedAhead.some((fetch) => fetch.symbol === symbol && holds(fetch.range))
  );
}
