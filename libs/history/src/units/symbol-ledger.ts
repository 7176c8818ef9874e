import type { EpochMicros, TimeRange, TrackedSymbol } from '@app/domain';
import { ask, byKeys, together, type Inquiry, type RowChange, type Unit, type WrittenRows } from '../rows/unit';
import { forgetLedgerUnit } from './ledger-days-unit';
import { SYMBOL_LEDGERS, type SymbolLedgerRow } from './ledger-tables';

/** What became of the ledger of a symbol that somebody has begun to track. */
export interface TrackedLedger {
  readonly frame: TrackedSymbol;
  /** False where it had begun before, and nothing has changed. */
  readonly hasBegun: boolean;
}

/** How a ledger has come to begin earlier. */
export interface ExtendedLedger {
  /** Where there may be minutes that it had left out, which are still to be accounted for. */
  readonly leftOut: TimeRange | undefined;
}

/** Finds what the ledger of a symbol covers, whoever began it: live capture or a command. */
export function* ledgerFrame(symbol: string): Inquiry<TrackedSymbol | undefined> {
  return frameOf(yield* ledgerOf(symbol));
}

/** Finds the frame of a symbol's ledger; undefined before anybody has begun to track it. */
export function* trackedSymbol(symbol: string): Inquiry<TrackedSymbol | undefined> {
  return trackedFrame(yield* ledgerOf(symbol));
}

/** Begins to track a symbol, unless somebody has. What was captured before says since when, and what was asked for, from where. */
export function* trackUnit(given: TrackedSymbol): Unit<TrackedLedger> {
  const row = yield* ledgerOf(given.symbol);
  const known = trackedFrame(row);
  if (known) return { outcome: { frame: known, hasBegun: false }, changes: [] };
  const { symbol } = given;
  const trackedSince = row?.trackedSince ?? row?.firstCapturedAt ?? given.trackedSince;
  const ledgerStart = Math.min(row?.ledgerStart ?? given.ledgerStart, given.ledgerStart);
  return {
    outcome: { frame: { symbol, trackedSince, ledgerStart }, hasBegun: true },
    changes: [put({ ...(row ?? nothingOf(symbol)), trackedSince, ledgerStart, backfillPlanned: true })],
  };
}

/** Lets a ledger begin earlier, as somebody has asked for; undefined where it begins by then anyway. */
export function* extendLedgerUnit(symbol: string, start: EpochMicros): Unit<ExtendedLedger | undefined> {
  const row = (yield* ledgerOf(symbol)) ?? nothingOf(symbol);
  if (row.ledgerStart !== null && row.ledgerStart <= start) return { outcome: undefined, changes: [] };
  const leftOut = row.ledgerFloor === null ? undefined : { start, end: row.ledgerFloor };
  return { outcome: { leftOut }, changes: [put(extended(row, start))] };
}

/** Has a known ledger begin where it should have: nothing is accounted for before that, until somebody asks for it. */
export function* moveLedgerUnit(frame: TrackedSymbol): Unit<void> {
  const { symbol, ledgerStart } = frame;
  const [row, forgotten] = yield* together(ledgerOf(symbol), forgetLedgerUnit(symbol, ledgerStart));
  return { outcome: undefined, changes: [...(row ? [put(moved(row, frame))] : []), ...forgotten.changes] };
}

/** Notes that the begin of a known ledger was looked at, and is right. */
export function* confirmReachUnit(symbol: string): Unit<void> {
  const row = yield* ledgerOf(symbol);
  return { outcome: undefined, changes: row ? [put({ ...row, reachChecked: true })] : [] };
}

/** Gives a ledger back to a store that has lost it, as {@link trackUnit} once began it. */
export function* restoreTrackingUnit({ symbol, trackedSince, ledgerStart }: TrackedSymbol): Unit<void> {
  const row = (yield* ledgerOf(symbol)) ?? nothingOf(symbol);
  return {
    outcome: undefined,
    changes: [
      put({
        ...row,
        trackedSince: row.trackedSince ?? trackedSince,
        ledgerStart: Math.min(row.ledgerStart ?? ledgerStart, ledgerStart),
        backfillPlanned: true,
      }),
    ],
  };
}

/** The same of what {@link extendLedgerUnit} has done. */
export function* restoreExtensionUnit(symbol: string, start: EpochMicros): Unit<void> {
  const row = (yield* ledgerOf(symbol)) ?? nothingOf(symbol);
  return { outcome: undefined, changes: [put(extended(row, start))] };
}

/** The same of what {@link moveLedgerUnit} has done. What is accounted for stays: it may have been extended since. */
export function* restoreMoveUnit(frame: TrackedSymbol): Unit<void> {
  const row = yield* ledgerOf(frame.symbol);
  return { outcome: undefined, changes: row ? [put(moved(row, frame))] : [] };
}

function* ledgerOf(symbol: string): Inquiry<SymbolLedgerRow | undefined> {
  const [[row]] = yield* ask(byKeys(SYMBOL_LEDGERS, [[symbol]]));
  return row;
}

function nothingOf(symbol: string): SymbolLedgerRow {
  return {
    symbol,
    trackedSince: null,
    ledgerStart: null,
    ledgerFloor: null,
    firstCapturedAt: null,
    backfillPlanned: false,
    reachChecked: false,
  };
}

/** A ledger that reaches back to a minute at least. */
function extended(row: SymbolLedgerRow, start: EpochMicros): SymbolLedgerRow {
  return {
    ...row,
    ledgerStart: Math.min(row.ledgerStart ?? start, start),
    ledgerFloor: row.ledgerFloor === null ? null : Math.min(row.ledgerFloor, start),
  };
}

/** A ledger that begins at a minute, and that minutes before it do not widen. */
function moved(row: SymbolLedgerRow, { trackedSince, ledgerStart }: TrackedSymbol): SymbolLedgerRow {
  return { ...row, trackedSince, ledgerStart, ledgerFloor: ledgerStart, reachChecked: true };
}

function put(row: SymbolLedgerRow): RowChange {
  return { kind: 'put', table: SYMBOL_LEDGERS, rows: [row] } satisfies WrittenRows<SymbolLedgerRow>;
}

/** Of a symbol that nobody has begun to track, the first capture says since when. */
function frameOf(row: SymbolLedgerRow | undefined): TrackedSymbol | undefined {
  const trackedSince = row?.trackedSince ?? row?.firstCapturedAt ?? null;
  if (!row || trackedSince === null || row.ledgerStart === null) return undefined;
  return { symbol: row.symbol, trackedSince, ledgerStart: row.ledgerStart };
}

function trackedFrame(row: SymbolLedgerRow | undefined): TrackedSymbol | undefined {
  return row?.backfillPlanned === true ? frameOf(row) : undefined;
}
