import type { CandleChange, ClockSpan, EpochMicros, MinuteCandle, RaisedRevision } from '@app/domain';
import { CANDLES_1M } from '../kinds/candle-tables';
import { ask, byKeys, together, type Inquiry, type Unit } from '../rows/unit';
import { FIRST_REVISIONS, firstRevisionsOf } from './first-revisions';
import type { MinutesOutcome } from './minute-unit';
import { minuteChanges, readOthers, UnitMinute } from './unit-minute';

export interface RestampedMinutes extends MinutesOutcome {
  /** Those that count from a higher revision on now. */
  readonly raised: readonly RaisedRevision[];
}

/** Puts the captures of stored minutes in order again once it is known which were stamped by a clock that was ahead. */
export function* restampUnit(
  symbol: string,
  openTimes: readonly EpochMicros[],
  spans: readonly ClockSpan[],
): Unit<RestampedMinutes> {
  const minutes = openTimes.map((openTime) => new UnitMinute(symbol, openTime));
  const [firsts] = yield* together(firstRevisionsOf(minutes), readCaptures(minutes));
  const promoted: MinuteCandle[] = [];
  const changed: CandleChange[] = [];
  const raised: RaisedRevision[] = [];
  for (const [index, minute] of minutes.entries()) {
    const { openTime } = minute;
    minute.first = firsts[index] ?? minute.first;
    const outcome = minute.restamp(spans);
    if (!outcome) continue;
    promoted.push(...outcome.promoted);
    if (outcome.isRevised) changed.push({ symbol, openTime, revision: outcome.revision });
    if (outcome.first > minute.first) raised.push({ symbol, openTime, revision: outcome.first });
  }
  const { bySymbol, rows } = minuteChanges(minutes);
  return {
    outcome: { promoted, changed, bySymbol, raised },
    changes: [...rows, { kind: 'put', table: FIRST_REVISIONS, rows: raised }],
  };
}

function* readCaptures(minutes: readonly UnitMinute[]): Inquiry<void> {
  const [rows] = yield* ask(
    byKeys(
      CANDLES_1M,
      minutes.map(({ symbol, openTime }) => [symbol, openTime]),
    ),
  );
  for (const [index, minute] of minutes.entries()) minute.learn(rows[index]);
  yield* readOthers(minutes.filter(({ isStored }) => isStored));
}
