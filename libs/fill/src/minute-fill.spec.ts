import { ArchiveError, DAY, HOUR, MINUTE, type ArchiveFailure, type EpochMicros } from '@app/domain';
import { buildMinute, FakeClock, FakeExchange, FakeKlineArchive } from '@app/testing';
import { MinuteFill } from './minute-fill';
import { ARCHIVE_ALONE, type MinuteSource } from './wanted-minutes';

const TODAY = Date.UTC(2026, 0, 15) * 1_000;
const NOON = TODAY + 12 * HOUR;
const day = (index: number): EpochMicros => TODAY + index * DAY;

describe('MinuteFill', () => {
  let clock: FakeClock;
  let exchange: FakeExchange;
  let archive: FakeKlineArchive;
  let fill: MinuteFill;
  let abort: AbortController;

  beforeEach(() => {
    clock = new FakeClock(NOON);
    exchange = new FakeExchange(clock, ['BTCUSDT', 'ETHUSDT', 'SOLUSDT']);
    archive = new FakeKlineArchive();
    archive.delay = DAY;
    archive.monthsFrom = Infinity;
    fill = new MinuteFill(exchange, archive, clock);
    abort = new AbortController();
  });

  const put = (symbol: string, index: number, minutes = 1_440): void => {
    const candles = Array.from({ length: minutes }, (_, minute) => buildMinute(symbol, day(index) + minute * MINUTE));
    archive.put(symbol, day(index), { candles, origin: 'simulator:test' });
  };
  const break_ = (symbol: string, index: number, failure: ArchiveFailure): void => {
    archive.faults.set(`${symbol} ${day(index)}`, new ArchiveError(failure, `${symbol} is ${failure}`));
  };

  /** What came of the days from `first` to the one before `end`: kind of the part, day, and minutes from its begin. */
  async function fetched(symbol: string, first: number, end: number, sources?: readonly MinuteSource[]) {
    const parts: (string | number)[][] = [];
    const wanted = { symbol, ranges: [{ start: day(first), end: day(end) }], ...(sources ? { sources } : {}) };
    for (const step of fill.plan(wanted)) {
      for await (const { kind, range } of fill.take(step, { signal: abort.signal })) {
        const index = Math.floor((range.start - TODAY) / DAY);
        parts.push([kind, index, (range.start - day(index)) / MINUTE, (range.end - day(index)) / MINUTE]);
      }
    }
    return parts;
  }

  const restOf = (index: number): (string | number)[][] => [
    ['page', index, 0, 1_000],
    ['page', index, 1_000, 1_440],
  ];

  it('should take days from the archive and over REST at once what a file lacks, or of which there is none', async () => {
    put('BTCUSDT', -5);
    put('BTCUSDT', -4, 400);
    break_('BTCUSDT', -3, 'checksum_mismatch');
    expect(await fetched('BTCUSDT', -5, -2)).toEqual([
      ['day', -5, 0, 1_440],
      ['day', -4, 0, 1_440],
      ['page', -4, 400, 1_400],
      ['page', -4, 1_400, 1_440],
      ['refused', -3, 0, 1_440],
      ...restOf(-3),
    ]);
  });

  it('should ask REST alone where there is no archive', async () => {
    put('BTCUSDT', -5);
    archive.isEnabled = false;
    expect(await fetched('BTCUSDT', -5, -4)).toEqual(restOf(-5));
    expect(archive.asked).toEqual([]);
  });

  it.each<ArchiveFailure>(['checksum_mismatch', 'truncated', 'malformed', 'rejected', 'not_found'])(
    'should remember for an hour that a file is %s, and ask for other days and symbols all the same',
    async (failure) => {
      for (const index of [-5, -4]) put('BTCUSDT', index);
      put('ETHUSDT', -5);
      break_('BTCUSDT', -5, failure);
      await fetched('BTCUSDT', -5, -3);
      expect(await fetched('BTCUSDT', -5, -4)).toEqual(restOf(-5));
      await fetched('ETHUSDT', -5, -4);
      expect(archive.asked).toEqual(['BTCUSDT 2026-01-10', 'BTCUSDT 2026-01-11', 'ETHUSDT 2026-01-10']);
      clock.advance(HOUR);
      archive.faults.clear();
      expect(await fetched('BTCUSDT', -5, -4)).toEqual([['day', -5, 0, 1_440]]);
    },
  );

  it('should ask once an hour for a date that is not published yet, whatever the number of symbols', async () => {
    put('BTCUSDT', -2);
    await fetched('BTCUSDT', -2, 0);
    put('ETHUSDT', -2);
    await fetched('ETHUSDT', -2, 0);
    await fetched('SOLUSDT', -1, 0);
    expect(archive.asked).toEqual(['BTCUSDT 2026-01-13', 'BTCUSDT 2026-01-14', 'ETHUSDT 2026-01-13']);
    clock.advance(HOUR);
    put('SOLUSDT', -1);
    expect(await fetched('SOLUSDT', -1, 0)).toEqual([['day', -1, 0, 1_440]]);
  });

  it('should not ask for a file of each day before a symbol was listed', async () => {
    exchange.has = (_, time) => time >= day(-4);
    for (const index of [-3, -2]) put('BTCUSDT', index);
    const parts = await fetched('BTCUSDT', -9, -1);
    expect(archive.asked).toEqual(['BTCUSDT 2026-01-06', 'BTCUSDT 2026-01-12', 'BTCUSDT 2026-01-13']);
    expect(parts.filter(([kind]) => kind === 'day')).toHaveLength(2);
  });

  it('should leave an archive that does not answer alone for a while', async () => {
    for (const index of [-5, -4, -3]) put('BTCUSDT', index);
    archive.fault = new ArchiveError('unreachable', 'no route');
    expect((await fetched('BTCUSDT', -5, -3)).filter(([kind]) => kind === 'refused')).toHaveLength(1);
    archive.fault = undefined;
    clock.advance(MINUTE);
    expect(await fetched('BTCUSDT', -3, -2)).toEqual([['day', -3, 0, 1_440]]);
  });

  it('should take a day without a daily file from the monthly one, once its month is over', async () => {
    put('BTCUSDT', -5);
    archive.daysOfMonths.set(`BTCUSDT ${day(-5)}`, archive.days.get(`BTCUSDT ${day(-5)}`)!);
    archive.days.clear();
    expect((await fetched('BTCUSDT', -5, -4)).map(([kind]) => kind)).toEqual(['refused', 'page', 'page']);
    archive.monthsFrom = 0;
    clock.advance(HOUR);
    expect((await fetched('BTCUSDT', -5, -4)).map(([kind]) => kind)).toEqual(['day']);
  });

  it('should go on asking where there is no other source, and say why there is no day', async () => {
    break_('BTCUSDT', -5, 'truncated');
    const refused = [['refused', -5, 0, 1_440]];
    expect(await fetched('BTCUSDT', -5, -4, ARCHIVE_ALONE)).toEqual(refused);
    expect(await fetched('BTCUSDT', -5, -4, ARCHIVE_ALONE)).toEqual(refused);
    expect(archive.asked).toHaveLength(2);
    expect(exchange.calls).toEqual([]);
  });

  it('should have one file in hand at a time, whoever asks, and go on after one that fails', async () => {
    let [inHand, most] = [0, 0];
    const answer = archive.day.bind(archive);
    archive.day = async (symbol, date) => {
      inHand += 1;
      most = Math.max(most, inHand);
      await new Promise(setImmediate);
      inHand -= 1;
      if (symbol === 'ETHUSDT') throw new Error('the disk is full');
      return answer(symbol, date);
    };
    for (const symbol of ['BTCUSDT', 'SOLUSDT']) put(symbol, -5);
    const results = await Promise.allSettled(
      ['BTCUSDT', 'ETHUSDT', 'SOLUSDT'].map((symbol) => fetched(symbol, -5, -4)),
    );
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(most).toBe(1);
  });

  it('should ask for nothing more once it is told to end', async () => {
    abort.abort();
    expect(await fetched('BTCUSDT', -5, 0)).toEqual([]);
    expect([archive.asked, exchange.calls]).toEqual([[], []]);
  });
});
