import {
  asCaptured,
  sameCandleNumbers,
  versionsOf,
  type CandleVersions,
  type ClockSpan,
  type MinuteCandle,
} from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import {
  MINUTE_COLUMNS,
  REPEAT_COLUMNS,
  captureValues,
  minuteValues,
  parametersOf,
  toMinuteCandle,
  type ColumnValues,
  type MinuteCandleRow,
  type RepeatRow,
} from './candle-row';

/** What a capture did to the versions of its minute. */
export interface VersionOutcome {
  /**
   * `taken`: the first capture of its minute, or an earlier one of a version that was known. `revision`: a version that
   * was not known. `repeat`: nothing new.
   */
  readonly fate: 'taken' | 'revision' | 'repeat';
  /** Whether the tables have the capture now and had it not before: bronze has to tell of it, a repeat included. */
  readonly isKept: boolean;
  /** Whether the minute was not there before. */
  readonly isNew: boolean;
  /** Revision of the version that is current now. */
  readonly revision: number;
  /** When the minute was first captured. */
  readonly firstCapturedAt: number;
  /** Captures that were taken for repeats until this one came before them, and of which bronze has no line yet. */
  readonly surfaced: readonly MinuteCandle[];
}

/** How a minute stands after its captures were put in order again. */
export interface RestampOutcome extends Pick<VersionOutcome, 'revision' | 'firstCapturedAt' | 'surfaced'> {
  readonly tradeCount: number;
  /** Whether other numbers are current now. */
  readonly isRevised: boolean;
  /** Revision of the first version: a higher one where the answers given before had those that would follow. */
  readonly first: number;
}

const NOTHING_SURFACED: readonly MinuteCandle[] = [];

/** Repeats of a minute, and those of them that have no line. */
interface KnownRepeats {
  readonly all: readonly MinuteCandle[];
  readonly unrecorded: ReadonlySet<MinuteCandle>;
}

function repeatsOf(rows: readonly RepeatRow[], asStamped: (candle: MinuteCandle) => MinuteCandle): KnownRepeats {
  const unrecorded = new Set<MinuteCandle>();
  const all = rows.map((row) => {
    const candle = asStamped(toMinuteCandle(row));
    if (row.recorded === 0) unrecorded.add(candle);
    return candle;
  });
  return { all, unrecorded };
}

/** Whether the two are one capture, delivered twice. */
function isSameCapture(row: MinuteCandleRow, candle: MinuteCandle): boolean {
  return (
    row.captured_at === candle.capturedAt &&
    row.trade_count === candle.tradeCount &&
    row.open === candle.open &&
    row.high === candle.high &&
    row.low === candle.low &&
    row.close === candle.close &&
    row.volume === candle.volume &&
    row.quote_volume === candle.quoteVolume &&
    row.taker_buy_volume === candle.takerBuyVolume &&
    row.taker_buy_quote_volume === candle.takerBuyQuoteVolume &&
    row.source === candle.source &&
    row.close_time === candle.closeTime
  );
}

/**
 * Keeps what is known of each minute as {@link versionsOf} orders it, whichever order captures arrive in: the current
 * version in `candles_1m`, those before it in `candle_revisions`, each until the capture of the next one, and later
 * captures that only repeat a version in `candle_repeats`, since an older one with other numbers may still come between.
 *
 * A new minute costs one insert; a capture delivered again one more select.
 */
export class MinuteVersionsWriter {
  private readonly insert: Statement<ColumnValues[number][]>;
  private readonly replace: Statement<ColumnValues[number][]>;
  private readonly select: Statement<[string, number], MinuteCandleRow>;
  private readonly selectRevisions: Statement<[string, number], MinuteCandleRow>;
  private readonly insertRevision: Statement<ColumnValues[number][]>;
  private readonly deleteRevisions: Statement<[string, number]>;
  private readonly selectRepeats: Statement<[string, number], RepeatRow>;
  private readonly insertRepeat: Statement<ColumnValues[number][]>;
  private readonly deleteRepeats: Statement<[string, number]>;

  constructor(database: SqliteHandle) {
    const ofMinute = 'WHERE symbol = ? AND open_time = ?';
    const row = `(${MINUTE_COLUMNS}) VALUES (${parametersOf(MINUTE_COLUMNS)})`;
    this.insert = database.prepare(`INSERT OR IGNORE INTO candles_1m ${row}`);
    this.replace = database.prepare(`INSERT OR REPLACE INTO candles_1m ${row}`);
    this.select = database.prepare(`SELECT ${MINUTE_COLUMNS} FROM candles_1m ${ofMinute}`);
    this.selectRevisions = database.prepare(
      `SELECT ${MINUTE_COLUMNS} FROM candle_revisions ${ofMinute} ORDER BY revision`,
    );
    this.insertRevision = database.prepare(
      `INSERT INTO candle_revisions (${MINUTE_COLUMNS}, superseded_at)
       VALUES (${parametersOf(MINUTE_COLUMNS)}, ?)`,
    );
    this.deleteRevisions = database.prepare(`DELETE FROM candle_revisions ${ofMinute}`);
    this.selectRepeats = database.prepare(`SELECT ${REPEAT_COLUMNS}, recorded FROM candle_repeats ${ofMinute}`);
    this.insertRepeat = database.prepare(
      `INSERT OR IGNORE INTO candle_repeats (${REPEAT_COLUMNS}, recorded) VALUES (${parametersOf(REPEAT_COLUMNS)}, ?)`,
    );
    this.deleteRepeats = database.prepare(`DELETE FROM candle_repeats ${ofMinute}`);
  }

  /** Takes one capture of a closed minute; `first` is the revision of the minute's first version. */
  take(candle: MinuteCandle, first: number): VersionOutcome {
    const { symbol, openTime, capturedAt } = candle;
    if (this.insert.run(...minuteValues(candle, first)).changes === 1) {
      return {
        fate: 'taken',
        isKept: true,
        isNew: true,
        revision: first,
        firstCapturedAt: capturedAt,
        surfaced: NOTHING_SURFACED,
      };
    }
    const current = this.select.get(symbol, openTime);
    if (current && isSameCapture(current, candle)) return repeatOf(current, false);
    if (current && capturedAt > current.captured_at && sameCandleNumbers(candle, toMinuteCandle(current))) {
      if (this.insertRepeat.run(...captureValues(candle), 1).changes === 1) return repeatOf(current, true);
    }
    return this.arrange(candle, current ? [current] : [], first);
  }

  /** Puts a capture in its place among all that are known of its minute. */
  private arrange(candle: MinuteCandle, current: readonly MinuteCandleRow[], first: number): VersionOutcome {
    const { symbol, openTime } = candle;
    const before = [...this.selectRevisions.all(symbol, openTime), ...current].map(toMinuteCandle);
    const repeats = repeatsOf(this.selectRepeats.all(symbol, openTime), (repeat) => repeat);
    const after = versionsOf([...before, ...repeats.all, candle]);
    const surfaced = after.versions.filter((version) => repeats.unrecorded.has(version));
    const firstCapturedAt = after.versions[0]?.capturedAt ?? candle.capturedAt;
    const isVersion = after.versions.includes(candle);
    const revision = first + after.versions.length - 1;
    const isKept = isVersion || after.repeats.includes(candle);
    const outcome = { isKept, isNew: false, revision, firstCapturedAt, surfaced };
    if (!isKept) return { ...outcome, fate: 'repeat' };

    this.rewrite(symbol, openTime, after, first, repeats);
    const hasMore = after.versions.length > before.length;
    return { ...outcome, fate: hasMore ? 'revision' : isVersion ? 'taken' : 'repeat' };
  }

  /**
   * Puts the captures of a minute in order again once it is known which of them were stamped by a clock that was ahead;
   * `first` is the revision of its first version; the versions count from a higher one on where the current numbers would
   * otherwise not have a higher revision than others that were served. Undefined where there is no such minute.
   */
  restamp(symbol: string, openTime: number, first: number, spans: readonly ClockSpan[]): RestampOutcome | undefined {
    const row = this.select.get(symbol, openTime);
    if (!row) return undefined;
    const current = toMinuteCandle(row);
    const before = [...this.selectRevisions.all(symbol, openTime).map(toMinuteCandle), current];
    const stamps = new Map<MinuteCandle, MinuteCandle>();
    const repeats = repeatsOf(this.selectRepeats.all(symbol, openTime), (stamped) => {
      const captured = asCaptured(stamped, spans);
      stamps.set(captured, stamped);
      return captured;
    });
    const after = versionsOf([...before.map((version) => asCaptured(version, spans)), ...repeats.all]);
    const last = after.versions.at(-1) ?? current;
    const isRevised = !sameCandleNumbers(last, current);
    const least = row.revision + (isRevised ? 1 : 0);
    const raised = Math.max(first, least - (after.versions.length - 1));
    this.rewrite(symbol, openTime, after, raised, repeats);
    return {
      tradeCount: last.tradeCount,
      revision: raised + after.versions.length - 1,
      first: raised,
      firstCapturedAt: after.versions[0]?.capturedAt ?? last.capturedAt,
      // A line has the stamp that the clock gave.
      surfaced: after.versions.flatMap((version) =>
        repeats.unrecorded.has(version) ? (stamps.get(version) ?? version) : [],
      ),
      isRevised,
    };
  }

  private rewrite(
    symbol: string,
    openTime: number,
    { versions, repeats }: CandleVersions,
    first: number,
    { unrecorded }: KnownRepeats,
  ): void {
    this.deleteRevisions.run(symbol, openTime);
    this.deleteRepeats.run(symbol, openTime);
    for (const repeat of repeats) this.insertRepeat.run(...captureValues(repeat), unrecorded.has(repeat) ? 0 : 1);
    for (const [index, version] of versions.entries()) {
      const next = versions[index + 1];
      const values = minuteValues(version, first + index);
      if (next) this.insertRevision.run(...values, next.capturedAt);
      else this.replace.run(...values);
    }
  }
}

/** No version was changed by it, so when the minute was first captured is of no concern to anybody. */
function repeatOf({ captured_at: firstCapturedAt, revision }: MinuteCandleRow, isKept: boolean): VersionOutcome {
  return { fate: 'repeat', isKept, isNew: false, revision, firstCapturedAt, surfaced: NOTHING_SURFACED };
}
