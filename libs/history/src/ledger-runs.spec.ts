import { DAY, floorTo, MINUTE, type EpochMicros } from '@app/domain';
import fc from 'fast-check';
import {
  forgetBefore,
  missingIn,
  recordRuns,
  runsOfMinutes,
  type LedgerChange,
  type RecordedRange,
} from './ledger-runs';

/** A while before midnight, so that runs reach over it. */
const T = Date.UTC(2026, 0, 15, 23, 40) * 1_000;
const MINUTES = 40;

const run = fc
  .record({
    start: fc.integer({ min: 0, max: MINUTES - 1 }),
    length: fc.integer({ min: 1, max: 15 }),
    state: fc.constantFrom('captured' as const, 'quiet' as const, 'stopped' as const),
    repaired: fc.boolean(),
  })
  .map(({ start, length, state, repaired }): RecordedRange => ({
    start: T + start * MINUTE,
    end: T + Math.min(start + length, MINUTES) * MINUTE,
    state,
    repaired: repaired && state !== 'stopped',
  }));

/** A ledger of one symbol as a store has it. */
class Ledger {
  runs: RecordedRange[] = [];
  readonly days = new Map<EpochMicros, Record<string, number>>();

  record(range: RecordedRange): void {
    this.apply(
      recordRuns(
        this.runs.filter(({ start, end }) => start <= range.end && end >= range.start),
        [range],
      ),
    );
  }

  recordAll(ranges: readonly RecordedRange[]): void {
    this.apply(recordRuns(this.runs, ranges));
  }

  forgetBefore(minute: EpochMicros): void {
    this.apply(
      forgetBefore(
        this.runs.filter(({ start }) => start < minute),
        minute,
      ),
    );
  }

  private apply({ removed, written, days }: LedgerChange): void {
    const gone = new Set([...removed, ...written.map(({ start }) => start)]);
    this.runs = [...this.runs.filter(({ start }) => !gone.has(start)), ...written].sort((a, b) => a.start - b.start);
    for (const { date, counts } of days) {
      const day = this.days.get(date) ?? { captured: 0, quiet: 0, stopped: 0, repaired: 0 };
      for (const [name, difference] of Object.entries(counts)) day[name] = (day[name] ?? 0) + difference;
      this.days.set(date, day);
    }
  }
}

/** The minutes of runs, each with what is recorded of it. */
function minutesOf(runs: readonly RecordedRange[]): Map<EpochMicros, string> {
  const minutes = new Map<EpochMicros, string>();
  for (const { start, end, state, repaired } of runs) {
    for (let minute = start; minute < end; minute += MINUTE) minutes.set(minute, `${state} ${String(repaired)}`);
  }
  return minutes;
}

function countsOf(minutes: ReadonlyMap<EpochMicros, string>, date: EpochMicros): Record<string, number> {
  const counts: Record<string, number> = { captured: 0, quiet: 0, stopped: 0, repaired: 0 };
  for (const [minute, text] of minutes) {
    if (floorTo(minute, DAY) !== date) continue;
    const [state = '', repaired] = text.split(' ');
    counts[state] = (counts[state] ?? 0) + 1;
    if (repaired === 'true') counts['repaired'] = (counts['repaired'] ?? 0) + 1;
  }
  return counts;
}

describe('runs of the ledger', () => {
  it('should have each minute in the state that was recorded last, and sums of the days that count them', () => {
    fc.assert(
      fc.property(fc.array(run, { maxLength: 12 }), fc.option(fc.integer({ min: 0, max: MINUTES })), (row, forget) => {
        const ledger = new Ledger();
        for (const range of row) ledger.record(range);
        const expected = new Map(row.flatMap((range) => [...minutesOf([range])]));
        const horizon = forget === null ? 0 : T + forget * MINUTE;
        if (forget !== null) ledger.forgetBefore(horizon);
        for (const minute of [...expected.keys()]) if (minute < horizon) expected.delete(minute);
        expect(new Map([...minutesOf(ledger.runs)].sort())).toEqual(new Map([...expected].sort()));
        for (const [date, counts] of ledger.days) expect(counts).toEqual(countsOf(expected, date));
        const all = { start: T, end: T + MINUTES * MINUTE };
        const missing = missingIn(all, ledger.runs).flatMap((gap) => [
          ...minutesOf([{ ...gap, state: 'quiet', repaired: false }]).keys(),
        ]);
        const minutes = Array.from({ length: MINUTES }, (_, index) => T + index * MINUTE);
        expect(missing).toEqual(minutes.filter((minute) => !expected.has(minute)));
      }),
    );
  });

  it('should be the same whether runs are recorded one by one or in one go', () => {
    fc.assert(
      fc.property(fc.array(run, { maxLength: 8 }), fc.array(run, { maxLength: 6 }), (row, given) => {
        const [one, all] = [new Ledger(), new Ledger()];
        for (const range of row) for (const ledger of [one, all]) ledger.record(range);
        let end = 0;
        const disjoint = [...given]
          .sort((a, b) => a.start - b.start)
          .filter((range) => {
            const isBehind = range.start >= end;
            if (isBehind) end = range.end;
            return isBehind;
          });
        for (const range of disjoint) one.record(range);
        all.recordAll(disjoint);
        expect(all.runs).toEqual(one.runs);
        for (const [date, counts] of one.days) expect(all.days.get(date) ?? countsOf(new Map(), date)).toEqual(counts);
      }),
    );
  });

  it('should be disjoint and as few as there can be', () => {
    fc.assert(
      fc.property(fc.array(run, { maxLength: 12 }), (row) => {
        const ledger = new Ledger();
        for (const range of row) ledger.record(range);
        ledger.runs.forEach((one, index) => {
          const next = ledger.runs[index + 1];
          if (!next) return;
          expect(one.end).toBeLessThanOrEqual(next.start);
          const isAlike = one.state === next.state && one.repaired === next.repaired;
          expect(one.end === next.start && isAlike).toBe(false);
        });
      }),
    );
  });

  it('should only extend the last run where more of the same follows, and change nothing for what is recorded', () => {
    const [before, next] = [
      { start: T, end: T + 5 * MINUTE, state: 'captured' as const, repaired: false },
      { start: T + 5 * MINUTE, end: T + 6 * MINUTE, state: 'captured' as const, repaired: false },
    ];
    expect(recordRuns([before], [next])).toMatchObject({
      removed: [],
      written: [{ ...before, end: T + 6 * MINUTE }],
    });
    expect(recordRuns([before], [{ ...before, end: T + 2 * MINUTE }])).toEqual({
      removed: [],
      written: [],
      days: [],
    });
  });

  it('should be made of minutes in any order', () => {
    const minute = (index: number, repaired = false) => ({
      minute: T + index * MINUTE,
      state: 'quiet' as const,
      repaired,
    });
    expect(runsOfMinutes([minute(2), minute(0), minute(1), minute(4), minute(3, true)])).toEqual([
      { start: T, end: T + 3 * MINUTE, state: 'quiet', repaired: false },
      { start: T + 3 * MINUTE, end: T + 4 * MINUTE, state: 'quiet', repaired: true },
      { start: T + 4 * MINUTE, end: T + 5 * MINUTE, state: 'quiet', repaired: false },
    ]);
  });
});
