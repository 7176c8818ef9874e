import { DAY, floorTo, joinRanges, MINUTE, type EpochMicros, type TimeRange } from '@app/domain';
import { recordRuns, runsOfMinutes, type RecordedMinute, type RecordedRange } from '../ledger-runs';
import { markOf, marksOf, sharedMinutes, type ChangedCandle, type LedgerFrame } from '../minute-marks';
import { ask, byKeys, inRanges, type Inquiry, type KeyRange, type Unit, type WrittenRows } from '../rows/unit';
import {
  datesOfMinutes,
  distinctRuns,
  ledgerAround,
  LedgerChanges,
  type SymbolDay,
  type SymbolRange,
} from './ledger-changes';
import { EARLIER_CAPTURES, MINUTE_TRADES, SYMBOL_FRAMES, type SymbolFrameRow } from './ledger-tables';

/** Minutes of one symbol whose rows or histories have changed, as each stands now. */
export interface ChangedCandles {
  readonly symbol: string;
  readonly changed: readonly ChangedCandle[];
}

/**
 * Brings the coverage ledger up to date with changed minutes. What it says of a minute follows from the stored rows
 * alone: captured when one of the candles that open in it has trades, repaired by the earliest capture of any of them.
 * Rows and roll-ups of the minutes are written before.
 *
 * A symbol that nobody has begun to track is tracked from its earliest capture on. When captures of such a symbol come
 * out of order, that moment moves back, and the minutes between are looked at again.
 */
export function* minuteLedgerUnit(given: readonly ChangedCandles[]): Unit<void> {
  const frames = yield* framesOf(given.filter(({ changed }) => changed.length > 0));
  const accounts = frames.map((frame) => new SymbolAccount(frame));
  const ranges = accounts.flatMap((account) => account.ranges);
  const dates = accounts.flatMap((account) => account.dates);
  const around = yield* ledgerAround(ranges, dates);
  let [range, day] = [0, 0];
  for (const account of accounts) {
    account.learn(distinctRuns(around.runs.slice(range, (range += account.ranges.length))));
  }
  yield* readMinutes(accounts.filter(({ toRead }) => toRead.size > 0));
  const changes = new LedgerChanges();
  for (const { symbol, marks, known, dates: own } of accounts) {
    const change = recordRuns(known, runsOfMinutes(marks.values()));
    changes.changeRuns(symbol, change);
    changes.changeDays(around.days.slice(day, (day += own.length)), change.days);
  }
  const widened = frames.flatMap((frame) => frame.widened ?? []);
  return {
    outcome: undefined,
    changes: [
      { kind: 'put', table: SYMBOL_FRAMES, rows: widened } satisfies WrittenRows<SymbolFrameRow>,
      ...changes.all(),
    ],
  };
}

/** Since when a symbol is tracked, and the minutes whose account depends on that having changed. */
interface SymbolFrame extends ChangedCandles {
  readonly window: LedgerFrame;
  readonly reopened: readonly EpochMicros[];
  /** What is to be stored of it; undefined where it stays as it is. */
  readonly widened: SymbolFrameRow | undefined;
}

function* framesOf(given: readonly ChangedCandles[]): Inquiry<readonly SymbolFrame[]> {
  const [rows] = yield* ask(
    byKeys(
      SYMBOL_FRAMES,
      given.map(({ symbol }) => [symbol]),
    ),
  );
  const ranges: KeyRange[] = [];
  const frames = given.map((one, index) => {
    const { symbol, changed } = one;
    const row = rows[index];
    const firstCapture = Math.min(...changed.map(({ firstCapturedAt }) => firstCapturedAt));
    const known = row?.firstCapturedAt ?? Infinity;
    const trackedSince = row?.trackedSince ?? Math.min(known, firstCapture);
    const window = { trackedSince, floor: row?.ledgerFloor ?? 0 };
    const isReopened = row?.trackedSince == null && known < Infinity && trackedSince < known;
    let place: number | undefined;
    if (isReopened) {
      const from = Math.max(floorTo(trackedSince, MINUTE) - MINUTE, window.floor);
      place = ranges.push({ prefix: [symbol], from, until: known }) - 1;
    }
    return { symbol, changed, window, place, widened: widenedFrame(one, row, Math.min(known, firstCapture)) };
  });
  const [between] = yield* ask(inRanges(MINUTE_TRADES, ranges));
  return frames.map(({ place, ...frame }) => ({
    ...frame,
    reopened: (place === undefined ? [] : (between[place] ?? [])).map(({ openTime }) => floorTo(openTime, MINUTE)),
  }));
}

function widenedFrame(
  { symbol, changed }: ChangedCandles,
  row: SymbolFrameRow | undefined,
  firstCapture: EpochMicros,
): SymbolFrameRow | undefined {
  const firstMinute = Math.min(...changed.map(({ openTime }) => floorTo(openTime, MINUTE)));
  const ledgerStart = Math.max(Math.min(row?.ledgerStart ?? firstMinute, firstMinute), row?.ledgerFloor ?? 0);
  const firstCapturedAt = firstCapture < Infinity ? firstCapture : null;
  if (row?.ledgerStart === ledgerStart && row.firstCapturedAt === firstCapturedAt) return undefined;
  return {
    symbol,
    trackedSince: row?.trackedSince ?? null,
    ledgerStart,
    ledgerFloor: row?.ledgerFloor ?? null,
    firstCapturedAt,
  };
}

/** The account of a symbol in the course of a unit. */
class SymbolAccount {
  readonly symbol: string;
  /** By minute, what is to be said of it. */
  readonly marks: Map<EpochMicros, RecordedMinute>;
  /** Minutes all of whose rows must be known. */
  readonly toRead: Set<EpochMicros>;
  /** Around which recorded runs must be known. */
  readonly ranges: readonly SymbolRange[];
  readonly dates: readonly SymbolDay[];
  /** Recorded runs around the minutes. */
  known: readonly RecordedRange[] = [];

  constructor(private readonly frame: SymbolFrame) {
    const { symbol, changed, reopened } = frame;
    const { marks, toRead } = marksOf(changed, frame.window);
    for (const minute of reopened) toRead.add(minute);
    this.symbol = symbol;
    this.marks = marks;
    this.toRead = toRead;
    const minutes = reopened.length === 0 ? [...marks.keys()] : [...marks.keys(), ...reopened];
    this.ranges = neighbourhoods(minutes).map((range) => ({ symbol, range }));
    this.dates = [...datesOfMinutes(minutes)].map((date) => ({ symbol, date }));
  }

  learn(runs: readonly RecordedRange[]): void {
    this.known = runs;
    for (const minute of sharedMinutes(this.marks.keys(), runs)) this.toRead.add(minute);
  }

  /** Marks a minute by its rows. */
  mark(minute: EpochMicros, isTraded: boolean, firstCapturedAt: EpochMicros): void {
    this.marks.set(minute, markOf(minute, isTraded, firstCapturedAt, this.frame.window));
  }
}

/** The spans that hold the minutes, ascending, where what lies between two of them is less than a day. */
function neighbourhoods(minutes: readonly EpochMicros[]): TimeRange[] {
  const spans: { start: EpochMicros; end: EpochMicros }[] = [];
  for (const start of [...minutes].sort((a, b) => a - b)) {
    const last = spans.at(-1);
    if (last && start - last.end < DAY) last.end = Math.max(last.end, start + MINUTE);
    else spans.push({ start, end: start + MINUTE });
  }
  return spans;
}

/** What the rows of a minute say together. */
interface MinuteSummary {
  readonly isTraded: boolean;
  readonly first: EpochMicros;
}

/** Marks minutes by all their rows: an earlier one of these may have been captured before, or another has trades. */
function* readMinutes(accounts: readonly SymbolAccount[]): Inquiry<void> {
  const ranges = accounts.flatMap(({ symbol, toRead }) =>
    rangesOfMinutes(toRead).map(({ start, end }): KeyRange => ({ prefix: [symbol], from: start, until: end })),
  );
  const [candles, earlier] = yield* ask(inRanges(MINUTE_TRADES, ranges), inRanges(EARLIER_CAPTURES, ranges));
  const first = new Map<string, EpochMicros>();
  for (const { symbol, openTime, capturedAt } of earlier.flat()) {
    const key = `${openTime} ${symbol}`;
    first.set(key, Math.min(first.get(key) ?? Infinity, capturedAt));
  }
  const bySymbol = new Map<string, Map<EpochMicros, MinuteSummary>>();
  for (const { symbol, openTime, tradeCount, capturedAt } of candles.flat()) {
    let minutes = bySymbol.get(symbol);
    if (!minutes) bySymbol.set(symbol, (minutes = new Map<EpochMicros, MinuteSummary>()));
    const minute = floorTo(openTime, MINUTE);
    const known = minutes.get(minute) ?? { isTraded: false, first: Infinity };
    minutes.set(minute, {
      isTraded: known.isTraded || tradeCount > 0,
      first: Math.min(known.first, first.get(`${openTime} ${symbol}`) ?? capturedAt),
    });
  }
  for (const account of accounts) {
    for (const [minute, { isTraded, first: firstCapturedAt }] of bySymbol.get(account.symbol) ?? []) {
      account.mark(minute, isTraded, firstCapturedAt);
    }
  }
}

/** The minutes as ranges, ascending; neighbours are in one. */
function rangesOfMinutes(minutes: Iterable<EpochMicros>): TimeRange[] {
  const alike = { state: 'missing', repaired: false } as const;
  const ascending = [...minutes].sort((a, b) => a - b);
  return joinRanges(ascending.map((start) => ({ start, end: start + MINUTE, ...alike })));
}
