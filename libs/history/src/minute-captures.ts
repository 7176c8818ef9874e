import { asCaptured, sameCandleNumbers, type ClockSpan, type EpochMicros, type MinuteCandle } from '@app/domain';
import { versionsOf, type CandleVersions } from './candle-versions';

/** A capture that only repeats a version. */
export interface KeptRepeat {
  readonly capture: MinuteCandle;
  /** Whether a line of bronze, or the fetch in the manifest, tells of it. */
  readonly isRecorded: boolean;
}

/** All captures that are kept of a minute. */
export interface KnownMinute {
  /** In their order; the last one is current. */
  readonly versions: readonly MinuteCandle[];
  readonly repeats: readonly KeptRepeat[];
}

/** A version as it is to be kept. */
export interface KeptVersion {
  readonly capture: MinuteCandle;
  readonly revision: number;
  /** When the next one was captured; undefined of the current one. */
  readonly supersededAt: EpochMicros | undefined;
}

/** What is to be kept of a minute, in the place of all that was. */
export interface ArrangedMinute {
  readonly versions: readonly KeptVersion[];
  readonly repeats: readonly KeptRepeat[];
}

/** What a capture did to the versions of its minute. */
export interface VersionOutcome {
  /**
   * `taken`: the first capture of its minute, or an earlier one of a version that was known. `revision`: a version that
   * was not known. `repeat`: nothing new.
   */
  readonly outcome: 'taken' | 'revision' | 'repeat';
  /** Whether the capture is kept now and was not before: bronze has to tell of it, a repeat included. */
  readonly isKept: boolean;
  /** Whether the minute was not there before. */
  readonly isNew: boolean;
  /** Revision of the version that is current now. */
  readonly revision: number;
  /** When the minute was first captured. */
  readonly firstCapturedAt: EpochMicros;
  /** Captures that were taken for repeats until this one came before them, and of which bronze has no line yet. */
  readonly promoted: readonly MinuteCandle[];
}

/** How a minute stands after its captures were put in order again. */
export interface RestampOutcome extends Pick<VersionOutcome, 'revision' | 'firstCapturedAt' | 'promoted'> {
  readonly tradeCount: number;
  /** Whether other numbers are current now. */
  readonly isRevised: boolean;
  /** Revision of the first version: a higher one where the answers given before had those that would follow. */
  readonly first: number;
}

const NOTHING_PROMOTED: readonly MinuteCandle[] = [];

/** The outcome of the first capture of a minute, whose revision is `first`. */
export function firstCapture({ capturedAt }: MinuteCandle, first: number): VersionOutcome {
  return {
    outcome: 'taken',
    isKept: true,
    isNew: true,
    revision: first,
    firstCapturedAt: capturedAt,
    promoted: NOTHING_PROMOTED,
  };
}

/**
 * The outcome of a capture that only repeats the current version. No version is changed by it, so when the minute was
 * first captured is of no concern to anybody.
 */
export function repeatedCapture(current: MinuteCandle, revision: number, isKept: boolean): VersionOutcome {
  return {
    outcome: 'repeat',
    isKept,
    isNew: false,
    revision,
    firstCapturedAt: current.capturedAt,
    promoted: NOTHING_PROMOTED,
  };
}

/** Whether the two are one capture, delivered twice. */
export function isSameCapture(a: MinuteCandle, b: MinuteCandle): boolean {
  return (
    a.capturedAt === b.capturedAt &&
    a.tradeCount === b.tradeCount &&
    a.open === b.open &&
    a.high === b.high &&
    a.low === b.low &&
    a.close === b.close &&
    a.volume === b.volume &&
    a.quoteVolume === b.quoteVolume &&
    a.takerBuyVolume === b.takerBuyVolume &&
    a.takerBuyQuoteVolume === b.takerBuyQuoteVolume &&
    a.source === b.source &&
    a.closeTime === b.closeTime
  );
}

/** Whether a capture comes after the current version and repeats it: then it changes nothing of the others. */
export function repeatsCurrent(capture: MinuteCandle, current: MinuteCandle): boolean {
  return capture.capturedAt > current.capturedAt && sameCandleNumbers(capture, current);
}

/**
 * Puts a capture in its place among all that are known of its minute, whose first version has the revision `first`;
 * `minute` is undefined where it changes nothing.
 */
export function placeCapture(
  capture: MinuteCandle,
  { versions: before, repeats }: KnownMinute,
  first: number,
): { readonly outcome: VersionOutcome; readonly minute: ArrangedMinute | undefined } {
  const unrecorded = unrecordedOf(repeats);
  const after = versionsOf([...before, ...capturesOf(repeats), capture]);
  const isVersion = after.versions.includes(capture);
  const isKept = isVersion || after.repeats.includes(capture);
  const hasMore = after.versions.length > before.length;
  const outcome: VersionOutcome = {
    outcome: !isKept ? 'repeat' : hasMore ? 'revision' : isVersion ? 'taken' : 'repeat',
    isKept,
    isNew: false,
    revision: first + after.versions.length - 1,
    firstCapturedAt: after.versions[0]?.capturedAt ?? capture.capturedAt,
    promoted: after.versions.filter((version) => unrecorded.has(version)),
  };
  return { outcome, minute: isKept ? arranged(after, first, unrecorded) : undefined };
}

/**
 * Puts the captures of a minute in order again once it is known which of them were stamped by a clock that was ahead;
 * `revision` is that of its current version, `first` that of its first one; the versions count from a higher one on where
 * the current numbers would otherwise not have a higher revision than others that were served.
 */
export function restampCaptures(
  { versions: before, repeats }: KnownMinute,
  current: MinuteCandle,
  revision: number,
  first: number,
  spans: readonly ClockSpan[],
): { readonly outcome: RestampOutcome; readonly minute: ArrangedMinute } {
  const stamps = new Map<MinuteCandle, MinuteCandle>();
  const restamped = repeats.map(({ capture, isRecorded }): KeptRepeat => {
    const captured = asCaptured(capture, spans);
    stamps.set(captured, capture);
    return { capture: captured, isRecorded };
  });
  const unrecorded = unrecordedOf(restamped);
  const after = versionsOf([...before.map((version) => asCaptured(version, spans)), ...capturesOf(restamped)]);
  const last = after.versions.at(-1) ?? current;
  const isRevised = !sameCandleNumbers(last, current);
  const least = revision + (isRevised ? 1 : 0);
  const raised = Math.max(first, least - (after.versions.length - 1));
  const outcome: RestampOutcome = {
    tradeCount: last.tradeCount,
    revision: raised + after.versions.length - 1,
    first: raised,
    firstCapturedAt: after.versions[0]?.capturedAt ?? last.capturedAt,
    // A line has the stamp that the clock gave.
    promoted: after.versions.flatMap((version) => (unrecorded.has(version) ? (stamps.get(version) ?? version) : [])),
    isRevised,
  };
  return { outcome, minute: arranged(after, raised, unrecorded) };
}

function capturesOf(repeats: readonly KeptRepeat[]): MinuteCandle[] {
  return repeats.map(({ capture }) => capture);
}

function unrecordedOf(repeats: readonly KeptRepeat[]): ReadonlySet<MinuteCandle> {
  return new Set(repeats.flatMap(({ capture, isRecorded }) => (isRecorded ? [] : [capture])));
}

function arranged(
  { versions, repeats }: CandleVersions,
  first: number,
  unrecorded: ReadonlySet<MinuteCandle>,
): ArrangedMinute {
  return {
    versions: versions.map((capture, index) => ({
      capture,
      revision: first + index,
      supersededAt: versions[index + 1]?.capturedAt,
    })),
    repeats: repeats.map((capture) => ({ capture, isRecorded: !unrecorded.has(capture) })),
  };
}
