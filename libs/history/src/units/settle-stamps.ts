import { DAY, floorTo, latestStamp, MINUTE, type ClockSpan, type EpochMicros, type TimeRange } from '@app/domain';
import { CANDLE_REPEATS } from '../kinds/candle-tables';
import { pickColumns } from '../rows/table';
import { ask, byKeys, inRanges, together, type FieldBounds, type Inquiry, type Unit } from '../rows/unit';
import { clockSpans, settledSpan } from './clock-spans';
import { accountChangedAt, ledgerAround, type SymbolDay } from './ledger-changes';
import {
  COVERAGE_DAYS,
  DAY_CAPTURES,
  EARLIER_CAPTURES,
  MINUTE_TRADES,
  SYMBOL_FRAMES,
  type CoverageDayRow,
} from './ledger-tables';
import { DAY_VERIFICATIONS } from './day-verification-unit';
import { overlapping } from './overlapping';
import { restampUnit, type RestampedMinutes } from './restamp-unit';
import { STOP_NOTES, type StopNoteRow } from './stops-unit';

/** When captures came that repeat the version before them; to be read alone. */
export const REPEATED_CAPTURES = pickColumns(CANDLE_REPEATS, ['symbol', 'openTime', 'capturedAt']);

type Stamps = Pick<FieldBounds, 'from' | 'until'>;

/** What became of a day whose captures were put in order again. */
export interface RestampedDay extends RestampedMinutes {
  /** How many of its minutes have a capture with a stamp of the span. */
  readonly minutes: number;
}

/**
 * Finds from which to which stamp a symbol has stamps later than now, which a clock that was ahead has given: on captures
 * of minutes that are over, on notes of stops, and since when it is tracked. The end is behind the last one.
 */
export function* stampsAhead(symbol: string, now: EpochMicros): Inquiry<TimeRange | undefined> {
  const from = latestStamp(now) + 1;
  const closed = { start: 0, end: now - MINUTE + 1 };
  const [[notes = []], [frame]] = yield* ask(
    inRanges(STOP_NOTES, [{ prefix: [symbol], having: { field: 'notedAt', from } }]),
    byKeys(SYMBOL_FRAMES, [[symbol]]),
  );
  let [first, last] = [Infinity, -Infinity];
  const widen = (stamp: EpochMicros): void => {
    first = Math.min(first, stamp);
    last = Math.max(last, stamp);
  };
  for (const { notedAt } of notes) widen(notedAt);
  if (frame?.trackedSince && frame.trackedSince >= from) widen(frame.trackedSince);
  for (const day of yield* stampedDays(symbol, closed, { from })) {
    for (const { capturedAt } of yield* stampedCaptures(symbol, partOf(day, closed), { from })) widen(capturedAt);
  }
  return first > last ? undefined : { start: first, end: last + 1 };
}

/** The span of the stamps that symbols have been found to have; undefined where there are none. */
export function spanOfStamps(found: readonly TimeRange[], now: EpochMicros): ClockSpan | undefined {
  if (found.length === 0) return undefined;
  const start = Math.min(...found.map((stamps) => stamps.start));
  const end = Math.max(...found.map((stamps) => stamps.end));
  return { start, end, until: now };
}

/** Finds the UTC days of a symbol that may have a capture with a stamp of a span. */
export function daysToRestamp(symbol: string, { start, end, until }: ClockSpan): Inquiry<readonly EpochMicros[]> {
  return stampedDays(symbol, { start: 0, end: until }, { from: start, until: end });
}

/** Puts the captures of a day in order again: those with a stamp of a span count as captured at the close of their minute. */
export function* restampDayUnit(symbol: string, day: EpochMicros, span: ClockSpan): Unit<RestampedDay> {
  const { start, end, until } = span;
  const [captures, spans] = yield* together(
    stampedCaptures(symbol, partOf(day, { start: 0, end: until }), { from: start, until: end }),
    clockSpans(),
  );
  const minutes = [...new Set(captures.map(({ openTime }) => openTime))].sort((a, b) => a - b);
  const { outcome, changes } = yield* restampUnit(symbol, minutes, spans);
  return { outcome: { ...outcome, minutes: minutes.length }, changes };
}

/**
 * Brings a span to an end, once its days are restamped: stops noted in it count as noted at their end, and symbols tracked
 * since then as tracked since it was noticed. Comparisons with the exchange's days go: by their true time, it may have been
 * another day that was compared. Returns the symbols that are tracked since another time now.
 */
export function* settleSpanUnit(span: ClockSpan): Unit<readonly string[]> {
  const stamps = { from: span.start, until: span.end };
  const [[frames = []], [noted = []]] = yield* ask(
    inRanges(SYMBOL_FRAMES, [{ prefix: [], having: { field: 'trackedSince', ...stamps } }]),
    inRanges(STOP_NOTES, [{ prefix: [], having: { field: 'notedAt', ...stamps } }]),
  );
  const notes = noted
    .filter(({ endTime }) => endTime <= span.until)
    .map((note) => ({ ...note, notedAt: note.endTime }));
  const days = yield* daysOfNotes(notes);
  return {
    outcome: frames.map(({ symbol }) => symbol),
    changes: [
      { kind: 'put', table: STOP_NOTES, rows: notes },
      { kind: 'put', table: COVERAGE_DAYS, rows: days },
      { kind: 'put', table: SYMBOL_FRAMES, rows: frames.map((frame) => ({ ...frame, trackedSince: span.until })) },
      { kind: 'remove', table: DAY_VERIFICATIONS, ranges: [{ prefix: [], having: { field: 'checkedAt', ...stamps } }] },
      settledSpan(span),
    ],
  };
}

/** Days within a time, those first whose newest capture has such a stamp or a later one, then others with a repeat. */
function* stampedDays(symbol: string, within: TimeRange, stamps: Stamps): Inquiry<readonly EpochMicros[]> {
  const [captured, repeated] = yield* together(
    ask(
      inRanges(DAY_CAPTURES, [
        { prefix: [symbol], until: within.end, having: { field: 'capturedAt', from: stamps.from } },
      ]),
    ),
    daysOfRepeats(symbol, within, stamps),
  );
  return [...new Set([...captured.flat(2).map(({ openTime }) => openTime), ...repeated])];
}

/** Which a roll-up says nothing of. Day by day, for each may have thousands. */
function* daysOfRepeats(symbol: string, { start, end }: TimeRange, stamps: Stamps): Inquiry<readonly EpochMicros[]> {
  const days: EpochMicros[] = [];
  for (let from = start; ;) {
    const [[found = []]] = yield* ask(
      inRanges(REPEATED_CAPTURES, [
        { prefix: [symbol], from, until: end, having: { field: 'capturedAt', ...stamps }, only: 'first' },
      ]),
    );
    const [repeat] = found;
    if (!repeat) return days;
    const day = floorTo(repeat.openTime, DAY);
    days.push(day);
    from = day + DAY;
  }
}

function* stampedCaptures(
  symbol: string,
  { start, end }: TimeRange,
  stamps: Stamps,
): Inquiry<readonly { readonly openTime: EpochMicros; readonly capturedAt: EpochMicros }[]> {
  const ranges = [{ prefix: [symbol], from: start, until: end, having: { field: 'capturedAt', ...stamps } }];
  const captures = yield* ask(
    inRanges(MINUTE_TRADES, ranges),
    inRanges(EARLIER_CAPTURES, ranges),
    inRanges(REPEATED_CAPTURES, ranges),
  );
  return captures.flat(2);
}

/** The part of a UTC day that lies within a time. */
function partOf(day: EpochMicros, within: TimeRange): TimeRange {
  return { start: day, end: Math.min(day + DAY, within.end) };
}

/** The days of the ledger that notes on stops fall into, dated anew by all notes that do, of which these are changed. */
function* daysOfNotes(changed: readonly StopNoteRow[]): Inquiry<readonly CoverageDayRow[]> {
  const given = new Map<string, SymbolDay>();
  for (const { symbol, startTime, endTime } of changed) {
    for (let date = floorTo(startTime, DAY); date < endTime; date += DAY)
      given.set(`${date} ${symbol}`, { symbol, date });
  }
  const wanted = [...given.values()];
  const [{ days }, [found]] = yield* together(
    ledgerAround([], wanted),
    ask(
      inRanges(
        STOP_NOTES,
        wanted.flatMap(({ symbol, date }) => overlapping(symbol, { start: date, end: date + DAY })),
      ),
    ),
  );
  const corrected = new Map(changed.map((note) => [keyText(note), note]));
  return days.flatMap(({ date, row, capturedAt }, index) => {
    if (!row) return [];
    const around = [...(found[2 * index] ?? []), ...(found[2 * index + 1] ?? [])];
    const ofDay = around.filter(({ endTime }) => endTime > date);
    const stoppedAt = Math.max(...ofDay.map((note) => (corrected.get(keyText(note)) ?? note).notedAt));
    return [{ ...row, stoppedAt, changedAt: accountChangedAt(stoppedAt, capturedAt) }];
  });
}

function keyText({ symbol, startTime }: StopNoteRow): string {
  return `${startTime} ${symbol}`;
}
