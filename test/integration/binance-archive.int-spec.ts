import { createBinanceArchive, type ArchiveOptions } from '@app/binance';
import { createClock, SystemClock } from '@app/clock';
import {
  ARCHIVE_SOURCE,
  DAY,
  MILLISECOND,
  MINUTE,
  type ArchiveDay,
  type EpochMicros,
  type KlineArchive,
} from '@app/domain';
import { ScratchFolders } from '@app/files';
import { MetricsRegistry } from '@app/observability';
import { exchangeKlines, numbersOf } from '../support/exchange-klines';
import { ExchangeSimulator } from '../support/exchange-simulator';
import { marketAt } from '../support/stack';

const MARKET = new Date('2026-03-18T13:37:43Z');
const DATE = Date.UTC(2026, 2, 17) * MILLISECOND;
/** Never in need of a place beside the store. */
const scratch = new ScratchFolders('/nonexistent', () => undefined);
const FAST: Partial<ArchiveOptions> = { retryDelayMs: () => 5 };

describe('archive client against the simulator', () => {
  let simulator: ExchangeSimulator;
  let archive: KlineArchive;
  let metrics: MetricsRegistry;

  async function connect(overrides: Partial<ArchiveOptions> = {}): Promise<void> {
    metrics = new MetricsRegistry();
    const clock = await createClock({ clock: 'simulator', restUrls: [simulator.url] });
    archive = createBinanceArchive({ archiveUrl: simulator.url, clock, metrics, scratch }, { ...FAST, ...overrides });
  }

  /** The same minutes over REST. */
  async function overRest(symbol: string, date: EpochMicros): Promise<object[]> {
    const rows = await exchangeKlines(simulator.url, symbol, '1m', date / MILLISECOND, (date + DAY) / MILLISECOND);
    return rows.map((row) => ({ openTime: row[0] * MILLISECOND, closeTime: row[6] * MILLISECOND, ...numbersOf(row) }));
  }

  const inTheirForm = ({ candles }: ArchiveDay): object[] =>
    candles.map(({ openTime, closeTime, open, high, low, close, volume, ...candle }) => ({
      ...{ openTime, closeTime, open, high, low, close, volume },
      quote_volume: candle.quoteVolume,
      trade_count: candle.tradeCount,
      taker_buy_volume: candle.takerBuyVolume,
      taker_buy_quote_volume: candle.takerBuyQuoteVolume,
    }));

  const counted = async (name: string): Promise<object> => {
    const { values } = (await metrics.getSingleMetric(name)?.get()) ?? { values: [] };
    return Object.fromEntries(values.map(({ labels, value }) => [Object.values(labels).join(' '), value]));
  };

  beforeAll(async () => {
    simulator = await ExchangeSimulator.start('--clock-origin', marketAt(MARKET));
  });

  afterAll(() => simulator.stop());

  beforeEach(async () => {
    await simulator.setFaults();
    await connect();
  });

  it.each([
    ['in milliseconds', 'BTCUSDT', Date.UTC(2024, 11, 31)],
    ['in microseconds', 'BTCUSDT', Date.UTC(2025, 0, 1)],
    ['with quiet minutes', 'PAXGBTC', Date.UTC(2026, 2, 17)],
    ['of a symbol that is not ASCII', '币安人生USDT', Date.UTC(2025, 10, 1)],
  ])('should read a day %s: the rows of REST, digit for digit', async (_, symbol, time) => {
    const day = await archive.day(symbol, time * MILLISECOND);
    expect(inTheirForm(day)).toEqual(await overRest(symbol, time * MILLISECOND));
    expect(day).toMatchObject({
      origin: 'simulator:1',
      duplicates: 0,
      range: { start: time * MILLISECOND, end: time * MILLISECOND + DAY },
      file: { symbol, checksum: 'verified' },
    });
    expect(day.candles[0]).toMatchObject({ symbol, source: ARCHIVE_SOURCE, capturedAt: day.fetchedAt });
    expect(Math.abs(day.fetchedAt - MARKET.getTime() * MILLISECOND)).toBeLessThan(DAY);
  });

  it('should give the same hash of rows for the same rows, with a header, three times each, or plain', async () => {
    const plain = await archive.day('BTCUSDT', DATE);
    await simulator.setFaults({ kind: 'archive-header' }, { kind: 'archive-duplicates', copies: 3 });
    const other = await archive.day('BTCUSDT', DATE);
    expect(other.candles.map(({ open }) => open)).toEqual(plain.candles.map(({ open }) => open));
    expect(other.rowsSha256).toBe(plain.rowsSha256);
    expect(other.file.sha256).not.toBe(plain.file.sha256);
    expect(other.duplicates).toBe(2 * 1_440);
    expect(await counted('csp_archive_duplicate_rows_total')).toEqual({ '': 2_880 });
  });

  it('should give a truncated day as it is: what is missing is for others to judge', async () => {
    await simulator.setFaults({ kind: 'archive-truncated', end: '2026-03-17T07:36:00Z' });
    const { candles } = await archive.day('BTCUSDT', DATE);
    expect(candles).toHaveLength(456);
    expect(candles.at(-1)?.openTime).toBe(DATE + 455 * MINUTE);
  });

  it('should fetch a file again whose checksum is that of another issue', async () => {
    await simulator.setFaults({ kind: 'archive-checksum', times: 2 });
    expect((await archive.day('BTCUSDT', DATE)).candles).toHaveLength(1_440);
    expect(await counted('csp_archive_retries_total')).toEqual({ checksum_mismatch: 2 });
  });

  it('should refuse a file that never matches its checksum, and name both hashes', async () => {
    await simulator.setFaults({ kind: 'archive-checksum' });
    await expect(archive.day('BTCUSDT', DATE)).rejects.toMatchObject({
      failure: 'checksum_mismatch',
      message: expect.stringMatching(
        /^BTCUSDT-1m-2026-03-17\.zip has SHA-256 [0-9a-f]{64}, but .* says [0-9a-f]{64}$/,
      ) as string,
    });
    expect(await counted('csp_archive_requests_total')).toEqual({ ok: 6 });
  });

  it.each([
    [{ kind: 'cut', route: '/data/spot', times: 2 }],
    [{ kind: 'status', route: '/data/spot', status: 503, times: 2 }],
    [{ kind: 'status', route: '/data/spot', status: 429, times: 2 }],
  ])('should try again after %j', async (fault) => {
    await simulator.setFaults(fault);
    expect((await archive.day('BTCUSDT', DATE)).candles).toHaveLength(1_440);
    expect(await counted('csp_archive_retries_total')).toEqual({ unreachable: 2 });
  });

  it.each([
    ['today', DATE + DAY],
    ['a day before the listing', Date.UTC(2017, 7, 16) * MILLISECOND],
  ])('should say at once that %s is not there', async (_, date) => {
    await expect(archive.day('BTCUSDT', date)).rejects.toMatchObject({ failure: 'not_found' });
    expect(await counted('csp_archive_requests_total')).toEqual({ not_found: 1 });
  });

  it.each([
    ['a refusal', { kind: 'status', route: '/data/spot', status: 403 }, 'rejected', 1],
    ['a host that fails for good', { kind: 'status', route: '/data/spot', status: 500 }, 'unreachable', 3],
  ])('should give up after %s', async (_, fault, failure, requests) => {
    await simulator.setFaults(fault);
    await expect(archive.day('BTCUSDT', DATE)).rejects.toMatchObject({ failure });
    expect(await counted('csp_archive_requests_total')).toEqual({ [failure]: requests });
  });

  it('should not wait for ever, nor take a file of any size', async () => {
    await connect({ requestTimeoutMs: 200, attempts: 1 });
    await simulator.setFaults({ kind: 'slow', route: '/data/spot', delay_ms: 5_000 });
    await expect(archive.day('BTCUSDT', DATE)).rejects.toMatchObject({
      failure: 'unreachable',
      message: expect.stringContaining('no complete answer within 200 ms') as string,
    });
    await simulator.setFaults();
    await connect({ maxFileBytes: 10_000, attempts: 1 });
    await expect(archive.day('BTCUSDT', DATE)).rejects.toMatchObject({
      failure: 'unreachable',
      message: expect.stringContaining('larger than 10000 bytes') as string,
    });
  });

  it('should read days from a monthly file in one fetch, and fetch it again only for an earlier day', async () => {
    const february = (day: number): EpochMicros => Date.UTC(2026, 1, day) * MILLISECOND;
    for (const date of [february(3), february(10), february(5)]) {
      const day = await archive.dayOfMonth('BTCUSDT', date);
      expect(inTheirForm(day)).toEqual(await overRest('BTCUSDT', date));
      expect(day).toMatchObject({
        range: { start: date, end: date + DAY },
        file: { name: 'BTCUSDT-1m-2026-02.zip', checksum: 'verified' },
      });
    }
    expect((await archive.dayOfMonth('BTCUSDT', february(7))).rowsSha256).toBe(
      (await archive.day('BTCUSDT', february(7))).rowsSha256,
    );
    expect(await counted('csp_archive_requests_total')).toEqual({ ok: 2 * 2 + 2 });
  });

  it('should ask once for a month that is not there', async () => {
    for (const date of [DATE - DAY, DATE]) {
      await expect(archive.dayOfMonth('BTCUSDT', date)).rejects.toMatchObject({ failure: 'not_found' });
    }
    expect(await counted('csp_archive_requests_total')).toEqual({ not_found: 1 });
  });

  it('should end with its caller', async () => {
    await simulator.setFaults({ kind: 'slow', route: '/data/spot', delay_ms: 60_000 });
    const abort = new AbortController();
    const fetching = archive.day('BTCUSDT', DATE, abort.signal);
    abort.abort(new Error('enough'));
    await expect(fetching).rejects.toThrow('enough');
  });

  it('should ask nobody when there is no archive', async () => {
    const none = createBinanceArchive({ archiveUrl: null, clock: new SystemClock(), metrics, scratch });
    expect(none.isEnabled).toBe(false);
    await expect(none.day('BTCUSDT', DATE)).rejects.toMatchObject({ failure: 'disabled' });
  });
});
