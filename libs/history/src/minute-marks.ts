import { floorTo, isRepaired, MINUTE, type EpochMicros } from '@app/domain';
import type { RecordedMinute, RecordedRange } from './ledger-runs';

/** A candle whose row or history has just changed, as it stands now. */
export interface ChangedCandle {
  readonly openTime: EpochMicros;
  readonly tradeCount: number;
  /** When it was first captured, in whatever version. */
  readonly firstCapturedAt: EpochMicros;
  /** Whether its row was not there before. */
  readonly isNew: boolean;
}

/** Within what a symbol's minutes are accounted for. */
export interface LedgerFrame {
  readonly trackedSince: EpochMicros;
  /** No minute before it is. */
  readonly floor: EpochMicros;
}

/** What the ledger is to say of a minute: captured when a candle that opens in it has trades. */
export function markOf(
  minute: EpochMicros,
  isTraded: boolean,
  firstCapturedAt: EpochMicros,
  { trackedSince }: LedgerFrame,
): RecordedMinute {
  return {
    minute,
    state: isTraded ? 'captured' : 'quiet',
    repaired: isRepaired(minute, firstCapturedAt, trackedSince),
  };
}

/**
 * The marks of minutes whose candles have changed, by minute, and those minutes of which more must be known: all their
 * rows, for the candle that changed was there before or may not be the only one of its minute.
 */
export function marksOf(
  changed: readonly ChangedCandle[],
  frame: LedgerFrame,
): { readonly marks: Map<EpochMicros, RecordedMinute>; readonly toRead: Set<EpochMicros> } {
  const marks = new Map<EpochMicros, RecordedMinute>();
  const toRead = new Set<EpochMicros>();
  for (const { openTime, tradeCount, firstCapturedAt, isNew } of changed) {
    const minute = floorTo(openTime, MINUTE);
    if (minute < frame.floor) continue;
    if (!isNew || openTime !== minute || marks.has(minute)) toRead.add(minute);
    marks.set(minute, markOf(minute, tradeCount > 0, firstCapturedAt, frame));
  }
  return { marks, toRead };
}

/**
 * Those of the minutes that have a candle already, by what is recorded around them, ascending: a new one shares its minute
 * with it, off the full minute, as some old candles are.
 */
export function sharedMinutes(minutes: Iterable<EpochMicros>, recorded: readonly RecordedRange[]): EpochMicros[] {
  const held = recorded.filter(({ state }) => state !== 'stopped');
  const shared: EpochMicros[] = [];
  let index = 0;
  for (const minute of [...minutes].sort((a, b) => a - b)) {
    while ((held[index]?.end ?? Infinity) <= minute) index += 1;
    const run = held[index];
    if (run && run.start <= minute) shared.push(minute);
  }
  return shared;
}
