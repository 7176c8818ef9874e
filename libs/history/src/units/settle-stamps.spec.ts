import {
  asCaptured,
  DAY,
  floorTo,
  HOUR,
  latestStamp,
  MINUTE,
  SECOND,
  type ClockSpan,
  type EpochMicros,
  type MinuteCandle,
} from '@app/domain';
import { buildMinute, MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { versionsOf } from '../candle-versions';
import { CANDLE_REPEATS, CANDLE_REVISIONS, CANDLES_1M } from '../kinds/candle-tables';
import { MonthsBefore } from '../metrics/months-before';
import { findOnly, runUnit, type Inquiry } from '../rows/unit';
import { unitsAfterMinutes } from './after-minutes';
import { CLOCK_SPANS, clockSpans, notedSpans, openClockSpans } from './clock-spans';
import { COVERAGE, COVERAGE_DAYS, DAY_CAPTURES, SYMBOL_FRAMES } from './ledger-tables';
import { DAY_VERIFICATIONS } from './day-verification-unit';
import { KNOWN_SYMBOLS, knownSymbols } from './known-symbols';
import { minuteUnit } from './minute-unit';
import { daysToRestamp, restampDayUnit, settleSpanUnit, spanOfStamps, stampsAhead } from './settle-stamps';
import { STOP_NOTES, stopUnit } from './stops-unit';
import type { SymbolMinutes } from './unit-minute';

const [BTC, ETH] = ['BTCUSDT', 'ETHUSDT'];
const MIDNIGHT = Date.UTC(2026, 0, 15) * 1_000;
const NOW = MIDNIGHT + 10 * MINUTE + 30 * SECOND;
const AHEAD = 26 * HOUR;

/** Of either side of midnight, captured by a clock that is right, a little ahead, or far ahead. */
const capture = fc
  .record({
    symbol: fc.constantFrom(BTC, ETH),
    minute: fc.constantFrom(-1_441, -2, -1, 0, 1, 8),
    close: fc.constantFrom('10.5', '10.50', '11', '12'),
    ahead: fc.constantFrom(0, 2 * MINUTE, HOUR, AHEAD),
    second: fc.integer({ min: 1, max: 5 }),
  })
  .map(({ symbol, minute, close, ahead, second }): MinuteCandle => {
    const openTime = MIDNIGHT + minute * MINUTE;
    return buildMinute(symbol, openTime, { close, capturedAt: openTime + MINUTE + second * SECOND + ahead });
  });
const captures = fc.array(capture, { minLength: 1, maxLength: 16 });

describe('stamps later than now', () => {
  let rows: MemoryRows;

  beforeEach(() => {
    rows = new MemoryRows();
  });

  const find = <Found>(inquiry: Inquiry<Found>): Found => runUnit(rows, findOnly(inquiry));
  const follow = (bySymbol: readonly SymbolMinutes[]): void => {
    for (const unit of unitsAfterMinutes(bySymbol, new MonthsBefore())) runUnit(rows, unit);
  };
  const store = (given: readonly MinuteCandle[], spans: readonly ClockSpan[] = []): void => {
    follow(runUnit(rows, minuteUnit(given, spans)).bySymbol);
  };

  /** As a store does it, one unit after the other; notes the span where there is one. */
  const note = (now = NOW): ClockSpan | undefined => {
    const found = find(knownSymbols()).flatMap((symbol) => find(stampsAhead(symbol, now)) ?? []);
    const span = spanOfStamps(found, now);
    if (span) rows.apply([notedSpans([span], false)]);
    return span;
  };
  const restamp = (span: ClockSpan, symbol: string): number => {
    let count = 0;
    for (const day of find(daysToRestamp(symbol, span))) {
      const { minutes, bySymbol } = runUnit(rows, restampDayUnit(symbol, day, span));
      follow(bySymbol);
      count += minutes;
    }
    return count;
  };
  const settle = (now = NOW): { readonly minutes: number; readonly retracked: readonly string[] } => {
    note(now);
    let minutes = 0;
    const retracked: string[] = [];
    for (const span of find(openClockSpans())) {
      for (const symbol of find(knownSymbols())) minutes += restamp(span, symbol);
      retracked.push(...runUnit(rows, settleSpanUnit(span)));
    }
    return { minutes, retracked };
  };

  const storedCaptures = (): readonly MinuteCandle[] => [
    ...rows.all(CANDLES_1M),
    ...rows.all(CANDLE_REVISIONS),
    ...rows.all(CANDLE_REPEATS),
  ];
  const isLate = ({ openTime, capturedAt }: MinuteCandle): boolean =>
    capturedAt > latestStamp(NOW) && openTime + MINUTE <= NOW;
  const contents = (): unknown[] =>
    [CANDLES_1M, CANDLE_REVISIONS, CANDLE_REPEATS, COVERAGE, COVERAGE_DAYS, DAY_CAPTURES, SYMBOL_FRAMES].map((table) =>
      rows.all<object>(table),
    );

  it('should be found from the first to the last of any capture, of all symbols together', () => {
    fc.assert(
      fc.property(captures, (given) => {
        rows = new MemoryRows();
        store(given);
        const late = storedCaptures()
          .filter(isLate)
          .map(({ capturedAt }) => capturedAt);
        expect(note()).toEqual(
          late.length === 0 ? undefined : { start: Math.min(...late), end: Math.max(...late) + 1, until: NOW },
        );
        expect(find(clockSpans())).toHaveLength(late.length === 0 ? 0 : 1);
      }),
    );
  });

  it('should leave what they are on as if it had been captured at the close of its minute', () => {
    fc.assert(
      fc.property(captures, (given) => {
        rows = new MemoryRows();
        store(given);
        const late = storedCaptures().filter(isLate);
        const { minutes } = settle();
        const spans = find(clockSpans());
        expect(storedCaptures().filter(isLate)).toEqual([]);
        expect(minutes).toBe(new Set(late.map(({ symbol, openTime }) => `${openTime} ${symbol}`)).size);

        const textsOf = (list: readonly MinuteCandle[]): unknown =>
          list.map(({ close, capturedAt }) => [Number(close), capturedAt]);
        for (const { symbol, openTime } of rows.all(CANDLES_1M)) {
          const ofMinute = <Row extends MinuteCandle>(all: readonly Row[]): Row[] =>
            all.filter((row) => row.symbol === symbol && row.openTime === openTime);
          const expected = versionsOf(ofMinute(given).map((one) => asCaptured(one, spans)));
          expect(textsOf([...ofMinute(rows.all(CANDLE_REVISIONS)), ...ofMinute(rows.all(CANDLES_1M))])).toEqual(
            textsOf(expected.versions),
          );
          expect(textsOf(ofMinute(rows.all(CANDLE_REPEATS)))).toEqual(textsOf(expected.repeats));
        }
        const settled = [COVERAGE, COVERAGE_DAYS, DAY_CAPTURES].map((table) => rows.all<object>(table));
        rows = new MemoryRows();
        store(given, spans);
        expect(settled).toEqual([COVERAGE, COVERAGE_DAYS, DAY_CAPTURES].map((table) => rows.all<object>(table)));
      }),
    );
  });

  it('should be gone on with where a run was interrupted, also when their time has come', () => {
    fc.assert(
      fc.property(captures, fc.boolean(), (given, isBegun) => {
        rows = new MemoryRows();
        store(given);
        settle();
        const settled = [...contents(), rows.all(CLOCK_SPANS)];

        rows = new MemoryRows();
        store(given);
        const span = note();
        if (span && isBegun) restamp(span, BTC);
        settle(NOW + 3 * DAY);
        expect([...contents(), rows.all(CLOCK_SPANS)]).toEqual(settled);
        expect(find(openClockSpans())).toEqual([]);
      }),
    );
  });

  it('should be none where they have been put right', () => {
    fc.assert(
      fc.property(captures, (given) => {
        rows = new MemoryRows();
        store(given);
        settle();
        const settled = contents();
        expect(note()).toBeUndefined();
        expect(settle()).toEqual({ minutes: 0, retracked: [] });
        expect(contents()).toEqual(settled);
      }),
    );
  });

  it('should be found where a correction was stamped ahead as well, which has taken their place', () => {
    const [first, second] = [HOUR, 2 * HOUR].map((ahead) => NOW + ahead) as [EpochMicros, EpochMicros];
    store([
      buildMinute(BTC, MIDNIGHT, { close: '11', capturedAt: first }),
      buildMinute(BTC, MIDNIGHT, { close: '12', capturedAt: second }),
    ]);
    expect(note()).toEqual({ start: first, end: second + 1, until: NOW });
  });

  it('should be looked for in two rounds of questions where a symbol has none', () => {
    store([buildMinute(BTC, MIDNIGHT, { capturedAt: MIDNIGHT + MINUTE })]);
    rows.rounds = 0;
    expect(find(stampsAhead(BTC, NOW))).toBeUndefined();
    expect(rows.rounds).toBe(2);
  });

  it('should be left alone up to a minute ahead, and on a minute that is not over', () => {
    store([
      buildMinute(BTC, MIDNIGHT, { capturedAt: latestStamp(NOW) }),
      buildMinute(BTC, MIDNIGHT + 10 * MINUTE, { capturedAt: NOW + AHEAD }),
    ]);
    expect(note()).toBeUndefined();
    store([buildMinute(BTC, MIDNIGHT + MINUTE, { capturedAt: latestStamp(NOW) + 1 })]);
    expect(note()).toEqual({ start: latestStamp(NOW) + 1, end: latestStamp(NOW) + 2, until: NOW });
  });

  it('should keep what is captured in truth when the time of the span has come', () => {
    store([buildMinute(BTC, MIDNIGHT, { capturedAt: MIDNIGHT + MINUTE + AHEAD })]);
    const span = note() as ClockSpan;
    const later = buildMinute(BTC, MIDNIGHT + AHEAD, { capturedAt: MIDNIGHT + MINUTE + AHEAD });
    store([later], [span]);
    expect(settle(NOW + AHEAD)).toMatchObject({ minutes: 1 });
    expect(rows.all(CANDLES_1M).map(({ capturedAt }) => capturedAt)).toEqual([MIDNIGHT + MINUTE, later.capturedAt]);
  });

  it('should be found on a day of which something was captured later in truth', () => {
    store([buildMinute(BTC, MIDNIGHT, { capturedAt: MIDNIGHT + MINUTE + AHEAD })]);
    const span = note() as ClockSpan;
    const repaired = buildMinute(BTC, MIDNIGHT + MINUTE, { capturedAt: NOW + 3 * DAY });
    store([repaired], [span]);
    expect(settle(NOW + 4 * DAY)).toMatchObject({ minutes: 1 });
    expect(rows.all(CANDLES_1M).map(({ capturedAt }) => capturedAt)).toEqual([MIDNIGHT + MINUTE, repaired.capturedAt]);
  });

  it('should be looked for in one more round for each day that has only repeats of them', () => {
    const minutes = [-2, -1, 0, 1, 2].map((minute) => MIDNIGHT + minute * MINUTE);
    store(minutes.map((openTime) => buildMinute(BTC, openTime, { capturedAt: openTime + MINUTE })));
    store(minutes.map((openTime) => buildMinute(BTC, openTime, { capturedAt: openTime + AHEAD })));
    const span = note() as ClockSpan;
    rows.rounds = 0;
    expect(find(daysToRestamp(BTC, span))).toEqual([MIDNIGHT - DAY, MIDNIGHT]);
    expect(rows.rounds).toBe(1 + 2);
  });

  describe('on what is no minute', () => {
    const stopped = { start: MIDNIGHT - 2 * MINUTE, end: MIDNIGHT + 2 * MINUTE };

    it('should let a stop count as noted at its end, on each of its days', () => {
      const notedAt = NOW - MINUTE;
      store([-3, 2, 4].map((minute) => buildMinute(BTC, MIDNIGHT + minute * MINUTE, { capturedAt: notedAt })));
      runUnit(rows, stopUnit(BTC, stopped, NOW + AHEAD));
      const other = { start: MIDNIGHT + 3 * MINUTE, end: MIDNIGHT + 4 * MINUTE };
      runUnit(rows, stopUnit(BTC, other, notedAt));
      expect(note()).toEqual({ start: NOW + AHEAD, end: NOW + AHEAD + 1, until: NOW });
      settle();
      expect(rows.all(STOP_NOTES).map((row) => row.notedAt)).toEqual([stopped.end, notedAt]);
      expect(rows.all(COVERAGE_DAYS).map(({ date, stoppedAt, changedAt }) => [date, stoppedAt, changedAt])).toEqual([
        [MIDNIGHT - DAY, stopped.end, notedAt],
        [MIDNIGHT, notedAt, notedAt],
      ]);
    });

    it('should date a day by its own stops, not by the one before', () => {
      const notedAt = NOW - MINUTE;
      store(
        [-3, 2].map((minute) => buildMinute(BTC, MIDNIGHT + minute * MINUTE, { capturedAt: MIDNIGHT + 3 * MINUTE })),
      );
      runUnit(rows, stopUnit(BTC, { start: stopped.start, end: MIDNIGHT }, notedAt));
      runUnit(rows, stopUnit(BTC, { start: MIDNIGHT + MINUTE, end: stopped.end }, NOW + AHEAD));
      settle();
      expect(rows.all(COVERAGE_DAYS).map(({ date, stoppedAt, changedAt }) => [date, stoppedAt, changedAt])).toEqual([
        [MIDNIGHT - DAY, notedAt, notedAt],
        [MIDNIGHT, stopped.end, MIDNIGHT + 3 * MINUTE],
      ]);
    });

    it('should leave a stop alone that was noted then in truth, and days that the ledger does not have', () => {
      const notedAt = NOW + AHEAD;
      const later = { symbol: BTC, startTime: NOW + HOUR, endTime: NOW + 2 * HOUR, notedAt };
      const early = { symbol: ETH, startTime: stopped.start, endTime: stopped.end, notedAt };
      rows.apply([{ kind: 'add', table: STOP_NOTES, rows: [later, early] }]);
      runUnit(rows, settleSpanUnit({ start: notedAt, end: notedAt + 1, until: NOW }));
      expect(rows.all(STOP_NOTES)).toEqual([later, { ...early, notedAt: stopped.end }]);
      expect(rows.all(COVERAGE_DAYS)).toEqual([]);
    });

    it('should let a symbol count as tracked since they were noticed, and drop comparisons that were made in them', () => {
      const frame = { ledgerStart: MIDNIGHT, ledgerFloor: null, firstCapturedAt: 1 };
      const frames = [
        { ...frame, symbol: 'AAAUSDT', trackedSince: null },
        { ...frame, symbol: BTC, trackedSince: NOW + AHEAD },
        { ...frame, symbol: ETH, trackedSince: MIDNIGHT },
      ];
      rows.apply([
        { kind: 'add', table: SYMBOL_FRAMES, rows: frames },
        {
          kind: 'add',
          table: DAY_VERIFICATIONS,
          rows: [NOW + AHEAD - 1, NOW + AHEAD, NOW + AHEAD + 1].map((checkedAt, day) => ({
            symbol: ETH,
            date: floorTo(MIDNIGHT, DAY) + day * DAY,
            result: 'equal',
            checkedAt,
          })),
        },
      ]);
      expect(settle()).toEqual({ minutes: 0, retracked: [BTC] });
      expect(rows.all(SYMBOL_FRAMES)).toEqual(
        frames.map((one) => (one.symbol === BTC ? { ...one, trackedSince: NOW } : one)),
      );
      expect(rows.all(DAY_VERIFICATIONS).map(({ checkedAt }) => checkedAt)).toEqual([NOW + AHEAD - 1, NOW + AHEAD + 1]);
      expect(rows.all(KNOWN_SYMBOLS)).toHaveLength(3);
    });
  });
});

describe('spans of stamps', () => {
  it('should stay settled when they are noted again, and be given in their order', () => {
    const rows = new MemoryRows();
    const [first, second] = [1, 2].map((start) => ({ start, end: start + 10, until: 1 })) as [ClockSpan, ClockSpan];
    rows.apply([notedSpans([second], true), notedSpans([first], false)]);
    rows.apply([notedSpans([second, first], false)]);
    expect(runUnit(rows, findOnly(clockSpans()))).toEqual([first, second]);
    expect(runUnit(rows, findOnly(openClockSpans()))).toEqual([first]);
  });
});
