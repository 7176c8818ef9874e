import { createHash } from 'node:crypto';
import { createBinanceArchive } from '@app/binance';
import {
  ArchiveError,
  archiveRowLine,
  DAY,
  leavingOut,
  MILLISECOND,
  MINUTE,
  type ArchiveDay,
  type ArchiveFailure,
  type DayOfMinutes,
  type DaySieve,
  type KlineArchive,
  type MinuteCandle,
  type TimeRange,
} from '@app/domain';
import { ScratchFolders } from '@app/files';
import { MetricsRegistry } from '@app/observability';
import { buildMinute, FakeClock, FakeKlineArchive } from '@app/testing';
import { InProcessExchange } from '../../support/in-process-exchange';
import { NOON, ORIGIN } from '../../support/test-store';

/** Listed two days before the end of a month, so that its monthly file is small. */
const SYMBOL = 'NEWUSDT';
const MINUTES = DAY / MINUTE;
const TODAY = NOON - DAY / 2;
/** A day of which daily and monthly file are published by {@link NOON}. */
const DATE = Date.UTC(2025, 11, 30) * MILLISECOND;
const NEXT = DATE + DAY;
const FILES = { day: `${SYMBOL}-1m-2025-12-30.zip`, dayOfMonth: `${SYMBOL}-1m-2025-12.zip` };

interface Subject {
  readonly archive: KlineArchive;
  /** The files have no rows of the range. */
  absent(range: TimeRange): void;
  /** The rows of a minute break the contract. */
  breakMinute(openTime: number): void;
  /** Every request fails in that way. */
  fail(failure: ArchiveFailure): void;
  recover(): void;
}

const FAULTS: Partial<Record<ArchiveFailure, object>> = {
  not_found: { kind: 'archive-absent' },
  checksum_mismatch: { kind: 'archive-checksum' },
  unreachable: { kind: 'status', status: 503, route: '/data/spot' },
  rejected: { kind: 'status', status: 403, route: '/data/spot' },
};
const iso = (time: number): string => new Date(time / MILLISECOND).toISOString();

function binanceSubject(simulator: InProcessExchange): Subject {
  const market: object[] = [{ kind: 'list', base_asset: 'NEW', quote_asset: 'USDT', start: iso(DATE) }];
  const set = (...faults: object[]): void => {
    simulator.setFaults([...market, ...faults]);
  };
  set();
  // Never in need of a place beside the store.
  const scratch = new ScratchFolders('/nonexistent', () => undefined);
  const archive = createBinanceArchive(
    { archiveUrl: simulator.url, clock: new FakeClock(NOON), metrics: new MetricsRegistry(), scratch },
    { retryDelayMs: () => 0 },
  );
  return {
    archive,
    absent: ({ start, end }) => {
      market.push({ kind: 'absent', symbol: SYMBOL, start: iso(start), end: iso(end) });
      set();
    },
    breakMinute: (openTime) => {
      const span = { start: iso(openTime), end: iso(openTime + MINUTE) };
      market.push({ kind: 'broken-row', symbol: SYMBOL, ...span, field: 'high', value: 'high' });
      set();
    },
    fail: (failure) => {
      set(FAULTS[failure] ?? {});
    },
    recover: () => {
      set();
    },
  };
}

function fakeSubject(): Subject {
  const archive = new FakeKlineArchive();
  const put = (change: (day: Pick<DayOfMinutes, 'candles' | 'leftOut'>) => Partial<DayOfMinutes>): void => {
    for (const date of [DATE, NEXT]) {
      const whole = Array.from({ length: MINUTES }, (_, index) => buildMinute(SYMBOL, date + index * MINUTE));
      const before = archive.days.get(`${SYMBOL} ${date}`) ?? { candles: whole, leftOut: [] };
      const day = { ...before, ...change(before), origin: ORIGIN };
      archive.put(SYMBOL, date, day);
      archive.putInMonth(SYMBOL, date, day);
    }
  };
  put(() => ({}));
  const without = (candles: readonly MinuteCandle[], { start, end }: TimeRange): MinuteCandle[] =>
    candles.filter(({ openTime }) => openTime < start || openTime >= end);
  return {
    archive,
    absent: (range) => {
      put(({ candles }) => ({ candles: without(candles, range) }));
    },
    breakMinute: (start) => {
      const range = { start, end: start + MINUTE };
      put(({ candles, leftOut }) => {
        if (!candles.some(({ openTime }) => openTime === start)) return {};
        const detail = { ...range, reason: 'broken', detail: 'high: not a decimal' } as const;
        return {
          candles: without(candles, range),
          leftOut: [...leftOut, detail].sort((a, b) => a.start - b.start),
        };
      });
    },
    fail: (failure) => {
      archive.fault = new ArchiveError(failure, `${SYMBOL}: ${failure}`);
    },
    recover: () => {
      archive.fault = undefined;
    },
  };
}

const hashOf = (candles: readonly MinuteCandle[]): string =>
  createHash('sha256').update(candles.map(archiveRowLine).join('')).digest('hex');
const openTimes = ({ candles }: Pick<DayOfMinutes, 'candles'>): number[] =>
  candles.map(({ openTime }) => (openTime - DATE) / MINUTE);
const indexes = (start: number, end: number): number[] =>
  Array.from({ length: end - start }, (_, index) => start + index);
const span = (start: number, end: number): TimeRange => ({
  start: DATE + start * MINUTE,
  end: DATE + end * MINUTE,
});

describe.each(['Binance over the simulator', 'the fake'])('the contract of KlineArchive: %s', (name) => {
  let simulator: InProcessExchange | undefined;
  let subject: Subject;
  let archive: KlineArchive;

  beforeAll(async () => {
    if (name !== 'the fake') simulator = await InProcessExchange.start(new FakeClock(NOON));
  });

  afterAll(() => simulator?.close());

  beforeEach(() => {
    subject = simulator ? binanceSubject(simulator) : fakeSubject();
    ({ archive } = subject);
  });

  it('should say that there is an archive', () => {
    expect(archive.isEnabled).toBe(true);
  });

  describe.each(['day', 'dayOfMonth'] as const)('%s', (method) => {
    const ask = (
      date: number,
      { symbol = SYMBOL, signal, sieve }: { symbol?: string; signal?: AbortSignal; sieve?: DaySieve } = {},
    ): Promise<ArchiveDay> => archive[method](symbol, date, signal, sieve);

    const errorOf = (asked: Promise<unknown>): Promise<unknown> => asked.catch((reason: unknown) => reason);

    it('should have the minutes of the whole UTC day, ascending and distinct, from a verified file', async () => {
      const day = await ask(DATE);
      expect(openTimes(day)).toEqual(indexes(0, MINUTES));
      expect(day.candles.every(({ symbol }) => symbol === SYMBOL)).toBe(true);
      expect(day).toMatchObject({
        range: { start: DATE, end: NEXT },
        leftOut: [],
        duplicates: 0,
        file: { name: FILES[method], symbol: SYMBOL, checksum: 'verified' },
        rowsSha256: hashOf(day.candles),
      });
      expect(day.file.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(day.file.bytes).toBeGreaterThan(0);
      expect(day.origin).not.toBe('');
      expect(day.fetchedAt).toBeGreaterThanOrEqual(day.range.end);
    });

    it('should answer days in any order', async () => {
      const ranges: number[] = [];
      for (const date of [DATE, NEXT, NEXT, DATE]) ranges.push((await ask(date)).range.start);
      expect(ranges).toEqual([DATE, NEXT, NEXT, DATE]);
    });

    it('should leave what is not in the file for others to judge', async () => {
      subject.absent(span(10, 20));
      const day = await ask(DATE);
      expect(openTimes(day)).toEqual([...indexes(0, 10), ...indexes(20, MINUTES)]);
      expect(day.leftOut).toEqual([]);
    });

    it('should name the minutes whose rows were not accepted, ascending', async () => {
      for (const index of [30, 12]) subject.breakMinute(DATE + index * MINUTE);
      const day = await ask(DATE);
      expect(openTimes(day)).toEqual(indexes(0, MINUTES).filter((index) => index !== 12 && index !== 30));
      expect(day.leftOut).toMatchObject([
        { ...span(12, 13), reason: 'broken' },
        { ...span(30, 31), reason: 'broken' },
      ]);
      expect(day.rowsSha256).toBe(hashOf(day.candles));
    });

    it('should count and hash what the sieve returns', async () => {
      subject.breakMinute(DATE + 12 * MINUTE);
      const whole = await ask(DATE);
      const seen: TimeRange[] = [];
      const leave = leavingOut([{ ...span(20, 22), reason: 'fewer_trades', detail: 'fewer' }]);
      const day = await ask(DATE, {
        sieve: async (offered) => {
          seen.push(offered.range);
          await Promise.resolve();
          return leave(offered);
        },
      });
      expect(seen).toEqual([whole.range]);
      expect(day.candles).toEqual(
        whole.candles.filter(({ openTime }) => openTime < DATE + 20 * MINUTE || openTime >= DATE + 22 * MINUTE),
      );
      expect(day.leftOut).toMatchObject([{ reason: 'broken' }, { ...span(20, 22), reason: 'fewer_trades' }]);
      expect(day.rowsSha256).toBe(hashOf(day.candles));
      expect((await ask(DATE)).rowsSha256).toBe(whole.rowsSha256);
    });

    it.each([
      ['a day that is too young', TODAY, SYMBOL],
      ['a symbol that does not trade', DATE, 'NOSUCHPAIR'],
    ])('should not find %s', async (_, date, symbol) => {
      const error = await errorOf(ask(date, { symbol }));
      expect(error).toBeInstanceOf(ArchiveError);
      expect(error).toMatchObject({ code: 'ARCHIVE.FAILED', failure: 'not_found' });
    });

    it.each(Object.keys(FAULTS) as ArchiveFailure[])('should tell a failure by its class: %s', async (failure) => {
      subject.fail(failure);
      const error = await errorOf(ask(DATE));
      expect(error).toBeInstanceOf(ArchiveError);
      expect(error).toMatchObject({ code: 'ARCHIVE.FAILED', failure });
      expect((error as ArchiveError).message).toContain(SYMBOL);
    });

    it("should reject with the signal's reason when the caller aborts, whatever is at hand", async () => {
      const reason = new Error('enough');
      await expect(ask(DATE, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      await ask(DATE);
      await expect(ask(NEXT, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      expect((await ask(NEXT)).range.start).toBe(NEXT);
    });
  });
});

describe('the contract of KlineArchive: none is configured', () => {
  const scratch = new ScratchFolders('/nonexistent', () => undefined);
  const [clock, metrics] = [new FakeClock(NOON), new MetricsRegistry()];
  const archive = createBinanceArchive({ archiveUrl: null, clock, metrics, scratch });

  it('should say so, and refuse each day', async () => {
    expect(archive.isEnabled).toBe(false);
    for (const asked of [archive.day(SYMBOL, DATE), archive.dayOfMonth(SYMBOL, DATE)]) {
      await expect(asked).rejects.toMatchObject({ code: 'ARCHIVE.FAILED', failure: 'disabled' });
    }
  });
});
