import { HOUR, MINUTE, SECOND, type EpochMicros, type TrackedSymbol } from '@app/domain';
import { MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { findOnly, runUnit, type Unit } from '../rows/unit';
import { accountUnit } from './after-minutes';
import { COVERAGE, MINUTE_TRADES, SYMBOL_FRAMES, SYMBOL_LEDGERS } from './ledger-tables';
import { minuteLedgerUnit } from './minute-ledger-unit';
import {
  confirmReachUnit,
  extendLedgerUnit,
  ledgerFrame,
  moveLedgerUnit,
  restoreExtensionUnit,
  restoreMoveUnit,
  restoreTrackingUnit,
  trackedSymbol,
  trackUnit,
} from './symbol-ledger';

const SYMBOL = 'BTCUSDT';
const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;

const minute = fc.integer({ min: -15, max: 15 }).map((index) => NOON + index * MINUTE);

/** Something that happens to the ledger of a symbol. */
type Step =
  | { readonly kind: 'capture'; readonly openTime: EpochMicros; readonly capturedAt: EpochMicros }
  | { readonly kind: 'track'; readonly ledgerStart: EpochMicros; readonly trackedSince: EpochMicros }
  | { readonly kind: 'move'; readonly ledgerStart: EpochMicros; readonly trackedSince: EpochMicros }
  | { readonly kind: 'extend'; readonly start: EpochMicros }
  | { readonly kind: 'confirm' };

const capture = fc
  .record({ openTime: minute, delay: fc.integer({ min: 1, max: 9 }) })
  .map(({ openTime, delay }): Step => ({ kind: 'capture', openTime, capturedAt: openTime + delay * MINUTE + SECOND }));
const frameOf = (kind: 'track' | 'move'): fc.Arbitrary<Step> =>
  fc.record({ ledgerStart: minute, trackedSince: minute }).map((frame): Step => ({ kind, ...frame }));
const extend = minute.map((start): Step => ({ kind: 'extend', start }));
const confirm = fc.constant<Step>({ kind: 'confirm' });

const unmoved = fc.array(fc.oneof(capture, extend, confirm, frameOf('track')), { maxLength: 12 });
/** Of a symbol that is tracked when its ledger is moved, as every one is: it is moved once. */
const moved = fc
  .tuple(unmoved, frameOf('track'), unmoved, frameOf('move'), unmoved)
  .map(([before, track, between, move, after]) => [...before, track, ...between, move, ...after]);

/** The ledger of one symbol, and what a manifest says of it. */
class Ledger {
  readonly rows = new MemoryRows();
  readonly lines: Step[] = [];

  run<Outcome>(unit: Unit<Outcome>): Outcome {
    return runUnit(this.rows, unit);
  }

  do(step: Step): void {
    if (step.kind === 'capture') this.capture(step.openTime, step.capturedAt);
    if (step.kind === 'confirm') this.run(confirmReachUnit(SYMBOL));
    if (step.kind === 'track') {
      const { frame, hasBegun } = this.run(trackUnit({ ...step, symbol: SYMBOL }));
      if (hasBegun) this.lines.push({ ...step, ...frame });
    }
    if (step.kind === 'move') {
      this.run(moveLedgerUnit({ ...step, symbol: SYMBOL }));
      this.lines.push(step);
    }
    if (step.kind === 'extend') {
      const extended = this.run(extendLedgerUnit(SYMBOL, step.start));
      if (!extended) return;
      this.lines.push(step);
      if (extended.leftOut) this.run(accountUnit(SYMBOL, extended.leftOut));
    }
  }

  restore(line: Step): void {
    if (line.kind === 'track') this.run(restoreTrackingUnit({ ...line, symbol: SYMBOL }));
    if (line.kind === 'move') this.run(restoreMoveUnit({ ...line, symbol: SYMBOL }));
    if (line.kind === 'extend') this.run(restoreExtensionUnit(SYMBOL, line.start));
  }

  get frame(): TrackedSymbol | undefined {
    return this.run(findOnly(ledgerFrame(SYMBOL)));
  }

  get tracked(): TrackedSymbol | undefined {
    return this.run(findOnly(trackedSymbol(SYMBOL)));
  }

  get row() {
    return this.rows.all(SYMBOL_LEDGERS)[0];
  }

  /** What of it can be given back: not that its begin was looked at. */
  get noted() {
    return [this.rows.all(SYMBOL_FRAMES), this.tracked];
  }

  /** Minutes that it accounts for. */
  get accounted(): EpochMicros[] {
    return this.rows
      .all(COVERAGE)
      .flatMap(({ startTime, endTime }) =>
        Array.from({ length: (endTime - startTime) / MINUTE }, (_, index) => startTime + index * MINUTE),
      );
  }

  /** The first capture of a minute; what comes of it later is the same. */
  private capture(openTime: EpochMicros, capturedAt: EpochMicros): void {
    if (this.rows.all(MINUTE_TRADES).some((known) => known.openTime === openTime)) return;
    this.rows.apply([
      { kind: 'add', table: MINUTE_TRADES, rows: [{ symbol: SYMBOL, openTime, tradeCount: 3, capturedAt }] },
    ]);
    const changed = [{ openTime, tradeCount: 3, firstCapturedAt: capturedAt, isNew: true }];
    this.run(minuteLedgerUnit([{ symbol: SYMBOL, changed }]));
  }
}

function ledgerAfter(steps: readonly Step[]): Ledger {
  const ledger = new Ledger();
  for (const step of steps) ledger.do(step);
  return ledger;
}

const ofKind = <Kind extends Step['kind']>(steps: readonly Step[], kind: Kind) =>
  steps.filter((step): step is Extract<Step, { kind: Kind }> => step.kind === kind);

/** First captures of minutes, in the order in which they came. */
function firstCaptures(steps: readonly Step[]) {
  return ofKind(steps, 'capture').filter(
    ({ openTime }, index, all) => all.findIndex((other) => other.openTime === openTime) === index,
  );
}

describe('the ledger of a symbol', () => {
  it('should begin with the earliest minute that was captured or asked for', () => {
    fc.assert(
      fc.property(unmoved, (steps) => {
        const [track] = ofKind(steps, 'track');
        const starts = [
          ...ofKind(steps, 'capture').map(({ openTime }) => openTime),
          ...ofKind(steps, 'extend').map(({ start }) => start),
          ...(track ? [track.ledgerStart] : []),
        ];
        const ledger = ledgerAfter(steps);
        expect(ledger.row?.ledgerStart ?? undefined).toEqual(starts.length === 0 ? undefined : Math.min(...starts));
        expect(ledger.accounted).toEqual(
          firstCaptures(steps)
            .map(({ openTime }) => openTime)
            .sort((a, b) => a - b),
        );
      }),
    );
  });

  it('should be tracked since the first capture that came before, or else since it was first said', () => {
    fc.assert(
      fc.property(unmoved, (steps) => {
        const at = steps.findIndex(({ kind }) => kind === 'track');
        const track = steps[at];
        const ledger = ledgerAfter(steps);
        if (track?.kind !== 'track') {
          expect(ledger.tracked).toBeUndefined();
          const captures = firstCaptures(steps).map(({ capturedAt }) => capturedAt);
          expect(ledger.frame?.trackedSince).toBe(captures.length === 0 ? undefined : Math.min(...captures));
          return;
        }
        const captures = firstCaptures(steps.slice(0, at)).map(({ capturedAt }) => capturedAt);
        const trackedSince = captures.length === 0 ? track.trackedSince : Math.min(...captures);
        expect(ledger.tracked).toMatchObject({ symbol: SYMBOL, trackedSince });
        expect(ledger.frame).toEqual(ledger.tracked);
      }),
    );
  });

  it('should begin where it was moved to, or where somebody has asked for since, whatever is captured', () => {
    fc.assert(
      fc.property(moved, (steps) => {
        const at = steps.findIndex(({ kind }) => kind === 'move');
        const [move] = ofKind(steps, 'move');
        const asked = ofKind(steps.slice(at), 'extend').map(({ start }) => start);
        const ledgerStart = Math.min(move!.ledgerStart, ...asked);
        const ledger = ledgerAfter(steps);
        expect(ledger.tracked).toEqual({ symbol: SYMBOL, trackedSince: move!.trackedSince, ledgerStart });
        expect(ledger.row).toMatchObject({ ledgerFloor: ledgerStart, reachChecked: true });
        expect(ledger.accounted).toEqual(
          firstCaptures(steps)
            .map(({ openTime }) => openTime)
            .filter((openTime) => openTime >= ledgerStart)
            .sort((a, b) => a - b),
        );
      }),
    );
  });

  it('should be the same when it is given back by what was noted of it: before its minutes, and once more after them', () => {
    fc.assert(
      fc.property(fc.oneof(unmoved, moved), (steps) => {
        const live = ledgerAfter(steps);
        const restored = new Ledger();
        for (const line of live.lines) restored.restore(line);
        for (const one of firstCaptures(steps)) restored.do(one);
        for (let time = 0; time < 2; time += 1) {
          expect(restored.noted).toEqual(live.noted);
          expect(restored.accounted).toEqual(live.accounted);
          for (const line of live.lines) restored.restore(line);
        }
      }),
    );
  });

  it('should say what of it has changed, and change nothing where that is nothing', () => {
    fc.assert(
      fc.property(fc.oneof(unmoved, moved), minute, (steps, at) => {
        const ledger = ledgerAfter(steps);
        const before = ledger.row;
        const extended = ledger.run(extendLedgerUnit(SYMBOL, at));
        if (!extended) expect(before?.ledgerStart).toBeLessThanOrEqual(at);
        expect(extended !== undefined).toBe(ledger.row?.ledgerStart !== before?.ledgerStart);
        expect(extended?.leftOut).toEqual(
          extended && before?.ledgerFloor != null ? { start: at, end: before.ledgerFloor } : undefined,
        );
        const again = { symbol: SYMBOL, trackedSince: at + HOUR, ledgerStart: at - HOUR };
        const known = ledger.tracked;
        const { frame, hasBegun } = ledger.run(trackUnit(again));
        expect(hasBegun).toBe(known === undefined);
        expect(ledger.tracked).toEqual(frame);
        if (known) expect(frame).toEqual(known);
      }),
    );
  });

  it('should not be begun by being moved or confirmed, and leave other symbols as they are', () => {
    const ledger = new Ledger();
    ledger.do({ kind: 'confirm' });
    ledger.do({ kind: 'move', trackedSince: NOON, ledgerStart: NOON });
    expect(ledger.rows.all(SYMBOL_LEDGERS)).toEqual([]);
    ledger.restore({ kind: 'move', trackedSince: NOON, ledgerStart: NOON });
    expect(ledger.rows.all(SYMBOL_LEDGERS)).toEqual([]);
    ledger.run(trackUnit({ symbol: 'ETHUSDT', trackedSince: NOON, ledgerStart: NOON }));
    const before = ledger.rows.all(SYMBOL_LEDGERS);
    ledger.do({ kind: 'extend', start: NOON - HOUR });
    ledger.do({ kind: 'track', trackedSince: NOON + 1, ledgerStart: NOON - MINUTE });
    expect(ledger.rows.all(SYMBOL_LEDGERS).filter(({ symbol }) => symbol === 'ETHUSDT')).toEqual(before);
    expect(ledger.tracked).toEqual({ symbol: SYMBOL, trackedSince: NOON + 1, ledgerStart: NOON - HOUR });
  });

  it('should be asked for in one round, whatever becomes of it', () => {
    const ledger = ledgerAfter([{ kind: 'track', trackedSince: NOON, ledgerStart: NOON }]);
    const frame = { symbol: SYMBOL, trackedSince: NOON + MINUTE, ledgerStart: NOON + MINUTE };
    const units: readonly Unit<unknown>[] = [
      trackUnit(frame),
      extendLedgerUnit(SYMBOL, NOON - MINUTE),
      confirmReachUnit(SYMBOL),
      moveLedgerUnit(frame),
      findOnly(ledgerFrame(SYMBOL)),
    ];
    for (const unit of units) {
      const before = ledger.rows.rounds;
      ledger.run(unit);
      expect(ledger.rows.rounds).toBe(before + 1);
    }
  });
});
