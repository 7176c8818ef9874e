import { setImmediate as nextTurn } from 'node:timers/promises';
import { clockLine, revisionLine, type BronzeUnit, type BronzeUnits } from '@app/bronze';
import type { ClockSpan, EpochMicros, SettledStamps, TimeRange } from '@app/domain';
import {
  daysToRestamp,
  findIn,
  knownSymbols,
  notedSpans,
  openClockSpans,
  runUnit,
  settleSpanUnit,
  spanOfStamps,
  stampsAhead,
  type Inquiry,
  type MinutesOutcome,
  type Rows,
} from '@app/history';
import type { CandleWriter } from '../sink/candle.writer';

interface StampSettlerParts {
  readonly units: BronzeUnits;
  readonly rows: Rows;
  readonly candles: CandleWriter;
  /** Keeps lines and tells readers of what a unit has done. */
  readonly keep: (bronze: BronzeUnit, outcome: Pick<MinutesOutcome, 'promoted' | 'changed'>) => void;
}

/**
 * Finds what is stored with stamps later than now, which a clock that was ahead has given, notes in the manifest which
 * stamps these were, and puts the versions of those minutes in order again: they count as captured at their close.
 *
 * Each day is a unit of its own, and a span stays open until all are done: an interrupted run is gone on with.
 */
export class StampSettler {
  constructor(private readonly parts: StampSettlerParts) {}

  async settle(now: EpochMicros): Promise<SettledStamps> {
    await this.note(now);
    const spans = this.find(openClockSpans());
    let minutes = 0;
    const retracked: string[] = [];
    for (const span of spans) {
      minutes += await this.restamp(span);
      retracked.push(...(await this.parts.units.run(() => runUnit(this.parts.rows, settleSpanUnit(span)))));
    }
    return { spans, minutes, retracked: [...new Set(retracked)] };
  }

  /** Notes the span of the stamps that are later than now, where there are any. */
  private async note(now: EpochMicros): Promise<void> {
    const found: TimeRange[] = [];
    for (const symbol of this.find(knownSymbols())) {
      const stamps = this.find(stampsAhead(symbol, now));
      if (stamps) found.push(stamps);
      await nextTurn();
    }
    const span = spanOfStamps(found, now);
    if (!span) return;
    await this.parts.units.append((bronze) => {
      this.parts.rows.apply([notedSpans([span], false)]);
      bronze.appendToManifest(clockLine(span));
    });
  }

  /** Returns how many minutes had a capture with such a stamp. */
  private async restamp(span: ClockSpan): Promise<number> {
    let count = 0;
    for (const symbol of this.find(knownSymbols())) {
      for (const day of this.find(daysToRestamp(symbol, span))) {
        count += await this.parts.units.append((bronze) => {
          const restamped = this.parts.candles.restampDay(symbol, day, span);
          this.parts.keep(bronze, restamped);
          bronze.appendToManifest(...restamped.raised.map(revisionLine));
          return restamped.minutes;
        });
      }
    }
    return count;
  }

  private find<Found>(inquiry: Inquiry<Found>): Found {
    return findIn(this.parts.rows, inquiry);
  }
}
