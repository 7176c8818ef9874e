import { asCaptured, MINUTE, SECOND, type MinuteCandle } from '@app/domain';
import fc from 'fast-check';
import { versionsOf } from './candle-versions';
import {
  firstCapture,
  placeCapture,
  restampCaptures,
  type ArrangedMinute,
  type KnownMinute,
  type VersionOutcome,
} from './minute-captures';

const T = Date.UTC(2026, 0, 15) * 1_000;

/** One of three sets of numbers, some of them written in two ways, at one of a few instants. */
const capture = fc
  .record({
    close: fc.constantFrom('10.5', '10.50', '11', '12'),
    second: fc.integer({ min: 1, max: 8 }),
    tradeCount: fc.integer({ min: 1, max: 2 }),
  })
  .map(({ close, second, tradeCount }): MinuteCandle => ({
    symbol: 'BTCUSDT',
    openTime: T,
    closeTime: T + MINUTE - 1_000,
    open: '10',
    high: '13',
    low: '9',
    close,
    volume: '1.5',
    quoteVolume: '15',
    tradeCount,
    takerBuyVolume: '0.5',
    takerBuyQuoteVolume: '5',
    source: 'test',
    capturedAt: T + MINUTE + second * SECOND,
  }));

const captures = fc.array(capture, { minLength: 1, maxLength: 8 });

const NOTHING: KnownMinute = { versions: [], repeats: [] };

function knownOf({ versions, repeats }: ArrangedMinute): KnownMinute {
  return { versions: versions.map((version) => version.capture), repeats };
}

/** What is kept of captures that come one by one, and what became of each. */
function placeAll(row: readonly MinuteCandle[], first = 1): { kept: ArrangedMinute; outcomes: VersionOutcome[] } {
  let kept: ArrangedMinute = { versions: [], repeats: [] };
  const outcomes = row.map((candle) => {
    const { outcome, minute } = placeCapture(candle, kept.versions.length === 0 ? NOTHING : knownOf(kept), first);
    if (minute) kept = minute;
    return outcome;
  });
  return { kept, outcomes };
}

describe('captures of a minute', () => {
  it('should be kept alike in whatever order they come, and however often', () => {
    fc.assert(
      fc.property(captures, fc.array(fc.nat()), (row, picks) => {
        const again = picks.map((pick) => row[pick % row.length]!);
        expect(knownOf(placeAll([...row, ...again].reverse()).kept)).toEqual(knownOf(placeAll(row).kept));
      }),
    );
  });

  it('should be kept as their versions and later repeats, each version until the next, all of them recorded', () => {
    fc.assert(
      fc.property(captures, fc.integer({ min: 1, max: 3 }), (row, first) => {
        const { kept } = placeAll(row, first);
        const { versions, repeats } = versionsOf(row);
        expect(kept.versions).toEqual(
          versions.map((version, index) => ({
            capture: version,
            revision: first + index,
            supersededAt: versions[index + 1]?.capturedAt,
          })),
        );
        expect(kept.repeats).toEqual(repeats.map((repeat) => ({ capture: repeat, isRecorded: true })));
      }),
    );
  });

  it('should tell of each whether the minute has a version more, and which is current', () => {
    fc.assert(
      fc.property(captures, (row) => {
        placeAll(row).outcomes.forEach((placed, index) => {
          const [before, after] = [versionsOf(row.slice(0, index)), versionsOf(row.slice(0, index + 1))];
          expect(placed.outcome === 'revision').toBe(after.versions.length > before.versions.length);
          expect(placed.revision).toBe(after.versions.length);
          expect(placed.firstCapturedAt).toBe(after.versions[0]?.capturedAt);
        });
      }),
    );
  });

  it('should begin with the revision that the minute has, and be new then', () => {
    fc.assert(
      fc.property(capture, (candle) => {
        expect(firstCapture(candle, 2)).toMatchObject({ outcome: 'taken', isKept: true, isNew: true, revision: 2 });
        expect(firstCapture(candle, 2).firstCapturedAt).toBe(candle.capturedAt);
      }),
    );
  });

  it('should tell of a repeat without a line once an earlier capture makes it a version', () => {
    const [candle] = fc.sample(capture, 1);
    const at = (second: number, close: string): MinuteCandle => ({
      ...candle!,
      close,
      capturedAt: T + MINUTE + second * SECOND,
    });
    const [version, repeat, between] = [at(1, '11'), at(5, '11'), at(3, '12')];
    const known: KnownMinute = { versions: [version], repeats: [{ capture: repeat, isRecorded: false }] };
    const { outcome, minute } = placeCapture(between, known, 1);
    expect(outcome).toMatchObject({ outcome: 'revision', isKept: true, revision: 3, promoted: [repeat] });
    expect(minute?.versions.map((kept) => kept.capture)).toEqual([version, between, repeat]);
  });

  it('should be as if stamped right, once the stamps of a clock that was ahead are known', () => {
    const spans = [{ start: T + MINUTE + 4 * SECOND, end: T + MINUTE + 20 * SECOND, until: T + 2 * MINUTE }];
    fc.assert(
      fc.property(captures, fc.integer({ min: 1, max: 3 }), (row, first) => {
        const known = placeAll(row, first).kept;
        const current = known.versions.at(-1)!;
        const { outcome, minute } = restampCaptures(knownOf(known), current.capture, current.revision, first, spans);
        const right = versionsOf(
          [...known.versions, ...known.repeats].map((kept) => asCaptured(kept.capture, spans)),
        ).versions;
        expect(minute.versions.map((kept) => kept.capture)).toEqual(right);
        expect(minute.versions.map(({ revision }) => revision)).toEqual(right.map((_, index) => outcome.first + index));
        // Other numbers than were served are never current under a revision that was served.
        expect(outcome.revision).toBeGreaterThanOrEqual(current.revision + (outcome.isRevised ? 1 : 0));
        expect(outcome.first).toBeGreaterThanOrEqual(first);
      }),
    );
  });
});
