import {
  DAY,
  DELISTED,
  HOUR,
  MINUTE,
  OriginMismatchError,
  SECOND,
  type FetchedMinutes,
  type HistoryStore,
  type ImportedDay,
  type MinuteCandle,
  type SymbolInfo,
  type TimeRange,
  type UnfilledRange,
} from '@app/domain';
import { buildMinute, FakeHistoryStore } from '@app/testing';
import { batchOf, candleEvent, NOON, ORIGIN, priceEvent, TestStore } from '../../support/test-store';

/** A time at which all that the suite stores is long over. */
const NOW = NOON + DAY;
const BTC = 'BTCUSDT';
const ETH = 'ETHUSDT';

interface Subject {
  readonly history: HistoryStore;
  /** Stores a minute as the live flow does. */
  captured(candle: MinuteCandle): Promise<void>;
  /** Why minutes of the range are missing, ascending; neighbours of one reason are joined. */
  reasons(symbol: string, range: TimeRange): Promise<readonly (TimeRange & { readonly reason: string })[]>;
  /** Stores what tells that a ledger began by a clock which was behind. */
  polledBehind(symbol: string, trackedSince: number): Promise<void>;
  dispose(): Promise<void>;
}

async function sqliteSubject(): Promise<Subject> {
  const store = new TestStore();
  store.clock.set(NOW);
  const { history } = await store.open();
  return {
    history,
    captured: async (candle) => {
      await store.take(candleEvent(candle));
    },
    reasons: async (symbol, range) => {
      const { coverage } = await store.readers();
      const ranges = await coverage.ranges([symbol], range, 1_000);
      return ranges.flatMap(({ state, start, end, reason }) =>
        state === 'missing' ? [{ start, end, reason: String(reason) }] : [],
      );
    },
    polledBehind: async (symbol, trackedSince) => {
      await store.take(
        candleEvent(buildMinute(symbol, trackedSince)),
        priceEvent(symbol, trackedSince + SECOND, { lastPrice: '1.00' }),
        priceEvent(symbol, NOON, { lastPrice: '1.00' }),
      );
    },
    dispose: () => store.dispose(),
  };
}

function fakeSubject(): Promise<Subject> {
  const history = new FakeHistoryStore();
  return Promise.resolve({
    history,
    captured: (candle) => {
      history.take(batchOf(candleEvent(candle)));
      return Promise.resolve();
    },
    reasons: (symbol, range) => history.reasons(symbol, range),
    polledBehind: (symbol, trackedSince) => {
      history.evidence.set(symbol, { trackedSince, compared: 1, outside: 1, resumedAt: NOON });
      return Promise.resolve();
    },
    dispose: () => Promise.resolve(),
  });
}

/** The range of some minutes, counted from noon. */
const span = (start: number, end: number): TimeRange => ({ start: NOON + start * MINUTE, end: NOON + end * MINUTE });
const spans = (ranges: readonly TimeRange[]): number[][] =>
  ranges.map(({ start, end }) => [(start - NOON) / MINUTE, (end - NOON) / MINUTE]);
const minute = (index: number, changes: Partial<MinuteCandle> = {}): MinuteCandle =>
  buildMinute(changes.symbol ?? BTC, NOON + index * MINUTE, changes);
const openTimes = (candles: readonly MinuteCandle[]): number[] =>
  candles.map(({ openTime }) => (openTime - NOON) / MINUTE);
const frame = { symbol: BTC, trackedSince: NOON + 30 * SECOND, ledgerStart: NOON };

function fetched(range: TimeRange, candles: readonly MinuteCandle[], changes: Partial<FetchedMinutes> = {}) {
  const page: FetchedMinutes = {
    kind: 'repair',
    origin: ORIGIN,
    symbol: BTC,
    range,
    candles,
    leftOut: [],
    fetchedAt: NOON + HOUR,
  };
  return { ...page, ...changes };
}

function dayOf(candles: readonly MinuteCandle[], changes: Partial<ImportedDay> = {}): ImportedDay {
  const range = { start: NOON - 12 * HOUR, end: NOON + 12 * HOUR };
  return { origin: ORIGIN, symbol: BTC, range, candles, leftOut: [], fetchedAt: NOON + HOUR, ...changes };
}

describe.each([
  ['SQLite', sqliteSubject],
  ['the fake', fakeSubject],
])('the contract of HistoryStore: %s', (_, make) => {
  let subject: Subject;
  let history: HistoryStore;

  beforeEach(async () => {
    subject = await make();
    ({ history } = subject);
  });

  afterEach(() => subject.dispose());

  describe('the ledger', () => {
    it('should know no symbol before anything is stored', async () => {
      expect(await history.tracked(BTC)).toBeUndefined();
      expect(await history.ledgerFrame(BTC)).toBeUndefined();
      expect(await history.knownSymbols()).toEqual([]);
      expect(await history.firstMinute(BTC)).toBeUndefined();
      expect(await history.lastMinute(BTC)).toBeUndefined();
      expect(await history.minutes(BTC, span(0, 10))).toEqual([]);
      expect(spans(await history.missing(BTC, span(0, 10)))).toEqual([[0, 10]]);
      expect(await history.reachEvidence(BTC, NOW)).toBeUndefined();
    });

    it('should begin once, and return what holds', async () => {
      expect(await history.track(frame, ORIGIN)).toEqual(frame);
      const later = { symbol: BTC, trackedSince: NOON + HOUR, ledgerStart: NOON - HOUR };
      expect(await history.track(later, ORIGIN)).toEqual(frame);
      expect(await history.tracked(BTC)).toEqual(frame);
      expect(await history.ledgerFrame(BTC)).toEqual(frame);
      expect(await history.tracked(ETH)).toBeUndefined();
    });

    it('should reach back as far as it is asked to, and never begin later than it did', async () => {
      await history.track(frame, ORIGIN);
      await history.extendLedger(BTC, NOON - DAY, ORIGIN);
      expect(await history.tracked(BTC)).toEqual({ ...frame, ledgerStart: NOON - DAY });
      await history.extendLedger(BTC, NOON - HOUR, ORIGIN);
      expect(await history.tracked(BTC)).toEqual({ ...frame, ledgerStart: NOON - DAY });
      expect(await history.ledgerFrame(BTC)).toEqual({ ...frame, ledgerStart: NOON - DAY });
    });

    it('should keep what a command asked for before capture began', async () => {
      await history.extendLedger(BTC, NOON - DAY, ORIGIN);
      expect(await history.tracked(BTC)).toBeUndefined();
      expect(await history.track(frame, ORIGIN)).toEqual({ ...frame, ledgerStart: NOON - DAY });
    });

    it('should cover what a command has stored, from the earliest capture on', async () => {
      const candles = [minute(3, { capturedAt: NOON + HOUR }), minute(4, { capturedAt: NOON + 50 * MINUTE })];
      await history.saveFetched(fetched(span(3, 5), candles));
      const covered = { symbol: BTC, trackedSince: NOON + 50 * MINUTE, ledgerStart: NOON + 3 * MINUTE };
      expect(await history.ledgerFrame(BTC)).toEqual(covered);
      expect(await history.tracked(BTC)).toBeUndefined();
      expect(await history.track({ ...frame, trackedSince: NOW }, ORIGIN)).toEqual({ ...covered, ledgerStart: NOON });
    });

    it('should begin later when it is moved: older minutes stay stored, and are not accounted for until asked for', async () => {
      await history.track({ ...frame, ledgerStart: NOON - HOUR }, ORIGIN);
      await history.saveFetched(
        fetched(
          span(-2, 3),
          [-2, -1, 0, 1, 2].map((index) => minute(index)),
        ),
      );
      await history.moveLedger(frame);
      expect(await history.tracked(BTC)).toEqual(frame);
      expect(openTimes(await history.minutes(BTC, span(-5, 5)))).toEqual([-2, -1, 0, 1, 2]);
      expect(spans(await history.missing(BTC, span(-3, 4)))).toEqual([
        [-3, 0],
        [3, 4],
      ]);
      await subject.captured(minute(-3));
      expect((await history.tracked(BTC))?.ledgerStart).toBe(NOON);
      expect(spans(await history.missing(BTC, span(-4, 1)))).toEqual([[-4, 0]]);

      await history.extendLedger(BTC, NOON - HOUR, ORIGIN);
      expect((await history.tracked(BTC))?.ledgerStart).toBe(NOON - HOUR);
      expect(spans(await history.missing(BTC, span(-4, 4)))).toEqual([
        [-4, -3],
        [3, 4],
      ]);
    });

    it.each(['confirmed', 'moved'])('should be looked at until it was %s', async (outcome) => {
      const behind = { symbol: BTC, trackedSince: NOON - 40 * DAY, ledgerStart: NOON - 40 * DAY };
      await history.track(behind, ORIGIN);
      await subject.polledBehind(BTC, behind.trackedSince);
      const evidence = { trackedSince: behind.trackedSince, compared: 1, outside: 1, resumedAt: NOON };
      expect(await history.reachEvidence(BTC, NOW)).toEqual(evidence);
      expect(await history.reachEvidence(ETH, NOW)).toBeUndefined();
      if (outcome === 'confirmed') await history.confirmReach(BTC);
      else await history.moveLedger({ symbol: BTC, trackedSince: NOON, ledgerStart: NOON });
      expect(await history.reachEvidence(BTC, NOW)).toBeUndefined();
    });

    it('should not be looked at on its first day', async () => {
      await history.track({ symbol: BTC, trackedSince: NOW - HOUR, ledgerStart: NOON - 40 * DAY }, ORIGIN);
      expect(await history.reachEvidence(BTC, NOW)).toBeUndefined();
    });
  });

  describe('symbols', () => {
    const info = (symbol: string, status: string): SymbolInfo => ({
      symbol,
      baseAsset: symbol.slice(0, 3),
      quoteAsset: 'USDT',
      status,
    });

    it('should be known by code points, with the status as last stored', async () => {
      // U+FF21 comes after U+1F600 in UTF-16 code units, and before it by code points.
      const names = ['ＡUSDT', '😀USDT', '币安人生USDT', ETH, BTC];
      await history.saveSymbols(
        names.map((symbol) => info(symbol, 'TRADING')),
        ORIGIN,
      );
      await history.saveSymbols([info(ETH, 'BREAK')], ORIGIN);
      await history.track({ ...frame, symbol: 'AAAUSDT' }, ORIGIN);
      expect(await history.knownSymbols()).toEqual([
        { symbol: 'AAAUSDT', status: 'UNKNOWN' },
        { symbol: BTC, status: 'TRADING' },
        { symbol: ETH, status: 'BREAK' },
        { symbol: '币安人生USDT', status: 'TRADING' },
        { symbol: 'ＡUSDT', status: 'TRADING' },
        { symbol: '😀USDT', status: 'TRADING' },
      ]);
    });

    it('should be known from their first minute on, whoever stored it', async () => {
      await history.saveFetched(fetched(span(0, 1), [minute(0)]));
      await subject.captured(minute(0, { symbol: ETH }));
      await history.saveFirstMinute('SOLUSDT', NOON, ORIGIN);
      expect(await history.knownSymbols()).toEqual(
        [BTC, ETH, 'SOLUSDT'].map((symbol) => ({ symbol, status: 'UNKNOWN' })),
      );
    });

    it('should be delisted until the exchange describes them again; unknown ones stay unknown', async () => {
      await history.saveSymbols([info(BTC, 'TRADING')], ORIGIN);
      await history.track({ ...frame, symbol: ETH }, ORIGIN);
      await history.saveDelisted([BTC, ETH, 'NOSUCH']);
      await history.saveDelisted([BTC]);
      expect(await history.knownSymbols()).toEqual([BTC, ETH].map((symbol) => ({ symbol, status: DELISTED })));
      await history.saveSymbols([info(BTC, 'TRADING')], ORIGIN);
      expect(await history.knownSymbols()).toContainEqual({ symbol: BTC, status: 'TRADING' });
    });

    it('should keep where the exchange has their history begin', async () => {
      await history.saveFirstMinute(BTC, NOON, ORIGIN);
      await history.saveFirstMinute(BTC, NOON - DAY, ORIGIN);
      expect(await history.firstMinute(BTC)).toBe(NOON - DAY);
      expect(await history.firstMinute(ETH)).toBeUndefined();
    });
  });

  describe('fetched minutes', () => {
    it('should be stored ascending, for half-open ranges, symbol by symbol', async () => {
      await history.saveFetched(
        fetched(
          span(0, 5),
          [0, 1, 3, 4].map((index) => minute(index)),
        ),
      );
      await history.saveFetched(fetched(span(-1, 0), [minute(-1)]));
      await history.saveFetched(fetched(span(0, 9), [minute(8, { symbol: ETH })], { symbol: ETH }));
      expect(openTimes(await history.minutes(BTC, span(0, 4)))).toEqual([0, 1, 3]);
      expect(openTimes(await history.minutes(BTC, span(-9, 9)))).toEqual([-1, 0, 1, 3, 4]);
      expect(await history.lastMinute(BTC)).toBe(NOON + 4 * MINUTE);
      expect(await history.lastMinute(ETH)).toBe(NOON + 8 * MINUTE);
      expect(spans(await history.missing(BTC, span(-3, 6)))).toEqual([
        [-3, -1],
        [2, 3],
        [5, 6],
      ]);
      expect(await history.missing(BTC, span(0, 2))).toEqual([]);
      expect(await history.missing(BTC, span(2, 2))).toEqual([]);
    });

    it('should come back as they were given', async () => {
      const candle = minute(0, { volume: '2.00000000', low: '0.00000001', capturedAt: NOON + HOUR + 1 });
      await history.saveFetched(fetched(span(0, 1), [candle]));
      expect(await history.minutes(BTC, span(0, 1))).toEqual([candle]);
    });

    it('should stay as first captured when the same numbers come again', async () => {
      const first = minute(0, { capturedAt: NOON + 2 * MINUTE });
      await subject.captured(first);
      const again = { ...first, volume: '2.0', capturedAt: NOON + HOUR };
      for (let times = 0; times < 2; times += 1) await history.saveFetched(fetched(span(0, 1), [again]));
      expect(await history.minutes(BTC, span(0, 1))).toEqual([first]);
    });

    it('should have the numbers of the latest capture, in whatever order they come', async () => {
      const early = minute(0, { volume: '1.00', capturedAt: NOON + 2 * MINUTE });
      const late = minute(0, { volume: '2.00', capturedAt: NOON + 3 * MINUTE });
      await subject.captured(early);
      await history.saveFetched(fetched(span(0, 1), [late]));
      expect(await history.minutes(BTC, span(0, 1))).toEqual([late]);
      const earliest = { ...early, volume: '9.00', capturedAt: NOON + MINUTE };
      await history.saveFetched(fetched(span(0, 1), [earliest]));
      expect(await history.minutes(BTC, span(0, 1))).toEqual([late]);
    });

    it('should give minutes that were left out their reason, where they are missing', async () => {
      await history.track({ ...frame, ledgerStart: NOON - HOUR }, ORIGIN);
      await subject.captured(minute(2));
      const leftOut = [{ ...span(1, 4), reason: 'broken', detail: 'low above high' }] as const;
      await history.saveFetched(fetched(span(0, 5), [minute(0), minute(4)], { leftOut }));
      const reasons = await subject.reasons(BTC, span(0, 5));
      expect(reasons).toEqual([
        { ...span(1, 2), reason: 'low above high' },
        { ...span(3, 4), reason: 'low above high' },
      ]);
      expect(spans(await history.missing(BTC, span(0, 5)))).toEqual([
        [1, 2],
        [3, 4],
      ]);
      await history.saveFetched(fetched(span(0, 4), [minute(1)]));
      expect(await subject.reasons(BTC, span(0, 5))).toEqual([{ ...span(3, 4), reason: 'not asked for yet' }]);
    });
  });

  describe('a day of a file', () => {
    it('should be counted minute by minute: new ones, repeats and revisions', async () => {
      expect(await history.saveDay(dayOf([minute(0), minute(1)]))).toEqual({ taken: 2, repeats: 0, revisions: 0 });
      const later = { capturedAt: NOON + 2 * HOUR };
      const revised = minute(1, { ...later, volume: '3.00' });
      const counts = await history.saveDay(dayOf([minute(0, { ...later, volume: '2.0' }), revised, minute(2, later)]));
      expect(counts).toEqual({ taken: 1, repeats: 1, revisions: 1 });
      expect(await history.minutes(BTC, span(0, 9))).toEqual([minute(0), revised, minute(2, later)]);
      expect(await history.saveDay(dayOf([revised]))).toEqual({ taken: 0, repeats: 1, revisions: 0 });
      expect(await history.saveDay(dayOf([]))).toEqual({ taken: 0, repeats: 0, revisions: 0 });
    });

    it('should not judge what is absent, and give its reason to what was left out', async () => {
      await history.track({ ...frame, ledgerStart: NOON }, ORIGIN);
      await subject.captured(minute(3));
      const leftOut = [{ ...span(2, 4), reason: 'conflicting', detail: 'two rows' }] as const;
      await history.saveDay(dayOf([minute(0)], { leftOut }));
      expect(await subject.reasons(BTC, span(0, 6))).toEqual([
        { ...span(1, 2), reason: 'not asked for yet' },
        { ...span(2, 3), reason: 'two rows' },
        { ...span(4, 6), reason: 'not asked for yet' },
      ]);
    });

    it('should leave the reasons of what is missing still', async () => {
      await history.track(frame, ORIGIN);
      await history.noteUnfilled(BTC, span(0, 3), [{ ...span(0, 3), reason: 'unreachable', askedAt: NOON }]);
      await history.saveDay(dayOf([minute(1)]));
      expect(await subject.reasons(BTC, span(0, 3))).toEqual([
        { ...span(0, 1), reason: 'unreachable' },
        { ...span(2, 3), reason: 'unreachable' },
      ]);
    });
  });

  describe('minutes that are not there', () => {
    const note = (start: number, end: number, reason: string): UnfilledRange => ({
      ...span(start, end),
      reason,
      askedAt: NOON + HOUR,
    });

    it('should count as stopped where nothing is recorded, until they come after all', async () => {
      await subject.captured(minute(1));
      await history.markStopped(BTC, [span(0, 3), span(5, 6)]);
      await history.markStopped(BTC, [span(0, 3)]);
      expect(spans(await history.missing(BTC, span(0, 7)))).toEqual([
        [3, 5],
        [6, 7],
      ]);
      expect(openTimes(await history.minutes(BTC, span(0, 7)))).toEqual([1]);
      await subject.captured(minute(2));
      expect(openTimes(await history.minutes(BTC, span(0, 7)))).toEqual([1, 2]);
      expect(spans(await history.missing(BTC, span(0, 4)))).toEqual([[3, 4]]);
      expect(spans(await history.missing(ETH, span(0, 3)))).toEqual([[0, 3]]);
    });

    it('should have the reason that was noted last of the range that was asked for', async () => {
      await history.track(frame, ORIGIN);
      await history.noteUnfilled(BTC, span(0, 10), [note(0, 10, 'unreachable')]);
      await history.noteUnfilled(ETH, span(0, 10), [note(0, 10, 'another symbol')]);
      await history.noteUnfilled(BTC, span(3, 6), [note(4, 5, 'no row')]);
      expect(await subject.reasons(BTC, span(0, 10))).toEqual([
        { ...span(0, 3), reason: 'unreachable' },
        { ...span(3, 4), reason: 'not asked for yet' },
        { ...span(4, 5), reason: 'no row' },
        { ...span(5, 6), reason: 'not asked for yet' },
        { ...span(6, 10), reason: 'unreachable' },
      ]);
      await history.markStopped(BTC, [span(0, 3), span(4, 10)]);
      expect(await subject.reasons(BTC, span(0, 10))).toEqual([{ ...span(3, 4), reason: 'not asked for yet' }]);
    });
  });

  describe('stamps of a clock that was ahead', () => {
    it('should be none where none is more than a minute after now', async () => {
      await subject.captured(minute(0, { capturedAt: NOON + 10 * MINUTE }));
      const settled = await history.settleStamps(NOON + 9 * MINUTE);
      expect(settled).toEqual({ spans: [], minutes: 0, retracked: [] });
    });

    it('should count as the close of their minutes, and be settled once', async () => {
      await history.track({ ...frame, trackedSince: NOON + HOUR + SECOND }, ORIGIN);
      await subject.captured(minute(0));
      await subject.captured(minute(1, { capturedAt: NOON + HOUR }));
      await subject.captured(minute(2, { capturedAt: NOON + HOUR + 2 * SECOND }));
      const now = NOON + 5 * MINUTE;
      const settled = await history.settleStamps(now);
      expect(settled).toEqual({
        spans: [{ start: NOON + HOUR, end: NOON + HOUR + 2 * SECOND + 1, until: now }],
        minutes: 2,
        retracked: [BTC],
      });
      expect(await history.minutes(BTC, span(0, 9))).toEqual([minute(0), minute(1), minute(2)]);
      expect((await history.tracked(BTC))?.trackedSince).toBe(now);
      expect(await history.settleStamps(now + MINUTE)).toEqual({ spans: [], minutes: 0, retracked: [] });
    });

    it('should put versions in their right order: what was captured later in truth is current', async () => {
      const ahead = minute(0, { volume: '1.00', capturedAt: NOON + DAY });
      const later = minute(0, { volume: '2.00', capturedAt: NOON + 2 * MINUTE });
      await subject.captured(ahead);
      await subject.captured(later);
      expect(await history.minutes(BTC, span(0, 1))).toEqual([ahead]);
      expect((await history.settleStamps(NOON + 3 * MINUTE)).minutes).toBe(1);
      expect(await history.minutes(BTC, span(0, 1))).toEqual([later]);
    });
  });

  describe('data of another origin', () => {
    const OTHER = 'simulator:other';

    beforeEach(() => history.track(frame, ORIGIN));

    const refused: [string, () => Promise<unknown>][] = [
      ['a ledger', () => history.track({ ...frame, symbol: ETH }, OTHER)],
      ['an extended ledger', () => history.extendLedger(BTC, NOON - DAY, OTHER)],
      ['symbols', () => history.saveSymbols([{ symbol: ETH, baseAsset: 'E', quoteAsset: 'U', status: 'S' }], OTHER)],
      ['a first minute', () => history.saveFirstMinute(BTC, NOON - DAY, OTHER)],
      ['fetched minutes', () => history.saveFetched(fetched(span(0, 1), [minute(0)], { origin: OTHER }))],
      ['a day of a file', () => history.saveDay(dayOf([minute(0)], { origin: OTHER }))],
    ];

    it.each(refused)('should be refused, and change nothing: %s', async (_what, write) => {
      const error: unknown = await write().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(OriginMismatchError);
      expect(error).toMatchObject({ code: 'STORE.ORIGIN_MISMATCH', stored: ORIGIN, offered: OTHER });
      expect(await history.tracked(BTC)).toEqual(frame);
      expect(await history.tracked(ETH)).toBeUndefined();
      expect(await history.knownSymbols()).toEqual([{ symbol: BTC, status: 'UNKNOWN' }]);
      expect(await history.firstMinute(BTC)).toBeUndefined();
      expect(await history.lastMinute(BTC)).toBeUndefined();
    });
  });
});
