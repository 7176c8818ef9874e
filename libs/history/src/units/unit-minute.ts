import type { ClockSpan, EpochMicros, MinuteCandle } from '@app/domain';
import {
  CANDLE_REPEATS,
  CANDLE_REVISIONS,
  CANDLES_1M,
  captureOf,
  type MinuteRow,
  type RepeatRow,
  type RevisionRow,
} from '../kinds/candle-tables';
import {
  firstCapture,
  isSameCapture,
  placeCapture,
  repeatedCapture,
  repeatsCurrent,
  restampCaptures,
  type ArrangedMinute,
  type KeptVersion,
  type KnownMinute,
  type RestampOutcome,
  type VersionOutcome,
} from '../minute-captures';
import type { ChangedCandle } from '../minute-marks';
import type { RowKey } from '../rows/table';
import { ask, inRanges, type Inquiry, type RowChange } from '../rows/unit';

/** What a unit did to the minutes of one symbol. */
export interface SymbolMinutes {
  readonly symbol: string;
  /** Minutes that were not there before. */
  readonly added: readonly MinuteRow[];
  /** Open times of minutes that were there. */
  readonly revised: readonly EpochMicros[];
  /** Added and revised minutes, as they are now. */
  readonly changed: readonly ChangedCandle[];
}

/** What becomes of the rows of minutes. */
interface RowsOfMinutes {
  /** Of current versions, in the place of those that are stored. */
  readonly current: MinuteRow[];
  readonly revisions: RevisionRow[];
  readonly revisionsGone: RowKey[];
  readonly repeats: RepeatRow[];
  readonly repeatsGone: RowKey[];
}

const NOTHING: ArrangedMinute = { versions: [], repeats: [] };

/** A minute in the course of a unit: as it is stored, and as it is to be. */
export class UnitMinute {
  /** Revision of its first version. */
  first = 1;
  /** Whether nothing is accepted of it any more. */
  isClosed = false;
  private stored = NOTHING;
  private arranged = NOTHING;
  private hasChanged = false;

  constructor(
    readonly symbol: string,
    readonly openTime: EpochMicros,
  ) {}

  get isStored(): boolean {
    return this.stored.versions.length > 0;
  }

  /** Goes on from the row of the current version. */
  learn(row: MinuteRow | undefined): void {
    if (!row) return;
    const current: KeptVersion = { capture: captureOf(row), revision: row.revision, supersededAt: undefined };
    this.arranged = this.stored = { versions: [current], repeats: [] };
  }

  /** Goes on from the rows of what is known besides. */
  learnOthers(revisions: readonly RevisionRow[], repeats: readonly RepeatRow[]): void {
    const before = revisions.map((row): KeptVersion => ({
      capture: captureOf(row),
      revision: row.revision,
      supersededAt: row.supersededAt,
    }));
    this.arranged = this.stored = {
      versions: [...before, ...this.stored.versions],
      repeats: repeats.map((row) => ({ capture: captureOf(row), isRecorded: row.recorded })),
    };
  }

  /** Whether a capture is the current version: then nothing else has to be known. */
  isCurrent(candle: MinuteCandle): boolean {
    const current = this.current();
    return current !== undefined && isSameCapture(current.capture, candle);
  }

  /** Accepts one capture; undefined where it is closed. */
  take(candle: MinuteCandle): VersionOutcome | undefined {
    if (this.isClosed) return undefined;
    const placed = this.place(candle);
    if (placed.outcome !== 'repeat') this.hasChanged = true;
    return placed;
  }

  /** See {@link restampCaptures}; undefined where there is no such minute. */
  restamp(spans: readonly ClockSpan[]): RestampOutcome | undefined {
    const current = this.current();
    if (!current) return undefined;
    const { outcome, minute } = restampCaptures(this.known(), current.capture, current.revision, this.first, spans);
    this.arranged = minute;
    this.hasChanged = true;
    return outcome;
  }

  /** The row of the current version as it is to be. */
  row(): MinuteRow | undefined {
    const current = this.current();
    return current && { ...current.capture, revision: current.revision };
  }

  /** As it stands now, where that is not as it stood before. */
  changed(): ChangedCandle | undefined {
    const [first] = this.arranged.versions;
    const current = this.current();
    if (!this.hasChanged || !first || !current) return undefined;
    return {
      openTime: this.openTime,
      tradeCount: current.capture.tradeCount,
      firstCapturedAt: first.capture.capturedAt,
      isNew: !this.isStored,
    };
  }

  /** Adds what becomes of its rows, but for the one that a new minute gets. */
  addTo(rows: RowsOfMinutes): void {
    const { symbol, openTime, stored, arranged } = this;
    if (arranged.versions !== stored.versions) {
      for (const { capture, revision, supersededAt } of arranged.versions) {
        if (supersededAt !== undefined) rows.revisions.push({ ...capture, revision, supersededAt });
      }
      for (const { revision, supersededAt } of stored.versions) {
        if (supersededAt === undefined || arranged.versions.some(isRevision(revision))) continue;
        rows.revisionsGone.push([symbol, openTime, revision]);
      }
      const row = this.isStored && this.row();
      if (row) rows.current.push(row);
    }
    if (arranged.repeats !== stored.repeats) {
      for (const repeat of arranged.repeats) {
        if (stored.repeats.includes(repeat)) continue;
        rows.repeats.push({ ...repeat.capture, recorded: repeat.isRecorded });
      }
      for (const { capture } of stored.repeats) {
        if (arranged.repeats.some((repeat) => repeat.capture.capturedAt === capture.capturedAt)) continue;
        rows.repeatsGone.push([symbol, openTime, capture.capturedAt]);
      }
    }
  }

  private place(candle: MinuteCandle): VersionOutcome {
    const current = this.current();
    if (!current) {
      this.arranged = {
        versions: [{ capture: candle, revision: this.first, supersededAt: undefined }],
        repeats: NOTHING.repeats,
      };
      return firstCapture(candle, this.first);
    }
    const { capture, revision } = current;
    if (isSameCapture(capture, candle)) return repeatedCapture(capture, revision, false);
    const { versions, repeats } = this.arranged;
    if (repeatsCurrent(candle, capture) && repeats.every((one) => one.capture.capturedAt !== candle.capturedAt)) {
      this.arranged = { versions, repeats: [...repeats, { capture: candle, isRecorded: true }] };
      return repeatedCapture(capture, revision, true);
    }
    // A copy, for what is known may be this very object.
    const { outcome, minute } = placeCapture({ ...candle }, this.known(), this.first);
    if (minute) this.arranged = minute;
    return outcome;
  }

  private known(): KnownMinute {
    const { versions, repeats } = this.arranged;
    return { versions: versions.map(({ capture }) => capture), repeats };
  }

  private current(): KeptVersion | undefined {
    return this.arranged.versions.at(-1);
  }
}

/** Says whether a version is that revision, and not the current one. */
function isRevision(revision: number): (version: KeptVersion) => boolean {
  return (version) => version.revision === revision && version.supersededAt !== undefined;
}

/** Lets stored minutes go on from what is known of them besides their current versions. */
export function* readOthers(minutes: readonly UnitMinute[]): Inquiry<void> {
  const ranges = minutes.map(({ symbol, openTime }) => ({ prefix: [symbol, openTime] }));
  const [revisions, repeats] = yield* ask(inRanges(CANDLE_REVISIONS, ranges), inRanges(CANDLE_REPEATS, ranges));
  for (const [index, minute] of minutes.entries()) minute.learnOthers(revisions[index] ?? [], repeats[index] ?? []);
}

/** What minutes come to: the changes of each symbol, and those of the rows. */
export function minuteChanges(minutes: readonly UnitMinute[]): {
  readonly bySymbol: readonly SymbolMinutes[];
  readonly rows: readonly RowChange[];
} {
  const rows: RowsOfMinutes = { current: [], revisions: [], revisionsGone: [], repeats: [], repeatsGone: [] };
  const added: MinuteRow[] = [];
  const bySymbol = new Map<string, SymbolChanges>();
  for (const minute of minutes) {
    minute.addTo(rows);
    const changed = minute.changed();
    if (!changed) continue;
    let ofSymbol = bySymbol.get(minute.symbol);
    if (!ofSymbol) bySymbol.set(minute.symbol, (ofSymbol = new SymbolChanges(minute.symbol)));
    const row = changed.isNew ? minute.row() : undefined;
    if (row) added.push(row);
    ofSymbol.add(changed, row);
  }
  return {
    bySymbol: [...bySymbol.values()],
    rows: [
      { kind: 'add', table: CANDLES_1M, rows: added },
      { kind: 'put', table: CANDLES_1M, rows: rows.current },
      { kind: 'remove', table: CANDLE_REVISIONS, keys: rows.revisionsGone },
      { kind: 'put', table: CANDLE_REVISIONS, rows: rows.revisions },
      { kind: 'remove', table: CANDLE_REPEATS, keys: rows.repeatsGone },
      { kind: 'put', table: CANDLE_REPEATS, rows: rows.repeats },
    ],
  };
}

class SymbolChanges implements SymbolMinutes {
  readonly added: MinuteRow[] = [];
  readonly revised: EpochMicros[] = [];
  readonly changed: ChangedCandle[] = [];

  constructor(readonly symbol: string) {}

  add(changed: ChangedCandle, added: MinuteRow | undefined): void {
    this.changed.push(changed);
    if (added) this.added.push(added);
    else this.revised.push(changed.openTime);
  }
}
