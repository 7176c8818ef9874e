import { join } from 'node:path';
import { DAY, formatDate, HOUR, MILLISECOND, type EpochMicros } from '@app/domain';
import { eventually, type AppProcess } from '../support/app-process';
import { getAll, getCsv, getJson } from '../support/http';
import {
  archiveMinutes,
  describeRecordings,
  recordedAnswers,
  recordedHours,
  RECORDINGS_DIR,
  type RecordedCandle,
} from '../support/recordings';
import { marketAt, Stack } from '../support/stack';

const DATES = ['2020-01-01', '2020-01-02'] as const;
const RECORDED = { start: Date.parse(DATES[0]) * MILLISECOND, end: Date.parse(DATES[1]) * MILLISECOND + DAY };

interface CandleItem {
  readonly open_time: string;
  readonly [column: string]: string | number | boolean;
}

/** What `/candles` says of a recorded candle, moved by whole days: its time and its nine numbers. */
function servedAs(candle: RecordedCandle, shift: EpochMicros): Record<string, string | number> {
  return {
    open_time: new Date((candle.openTime + shift) / MILLISECOND).toISOString(),
    open: candle.open,
    high: candle.high,
    low: candle.low,
    close: candle.close,
    volume: candle.volume,
    quote_volume: candle.quoteVolume,
    trade_count: candle.tradeCount,
    taker_buy_volume: candle.takerBuyVolume,
    taker_buy_quote_volume: candle.takerBuyQuoteVolume,
  };
}

const within = ({ openTime }: RecordedCandle): boolean => openTime >= RECORDED.start && openTime < RECORDED.end;

/** Recorded 1d candles of the two days; recorded twice, both recordings agree. */
function recordedDays(): RecordedCandle[] {
  const days = recordedAnswers('BTCUSDT', '1d').flat().filter(within);
  return [...new Map(days.map((day) => [day.openTime, day])).values()].sort((a, b) => a.openTime - b.openTime);
}

/** Two official archive files, played as yesterday and the day before: what `make demo RECORDINGS=DIR` runs. */
describeRecordings('a recorded market', () => {
  const stack = new Stack({
    SYMBOLS: 'BTCUSDT',
    CLOCK: 'simulator',
    POLL_INTERVAL_SECONDS: '1',
    BACKFILL_DAYS: '3',
  });
  let app: AppProcess;
  let api: string;
  /** From recorded to served time. */
  let shift: EpochMicros;

  beforeAll(async () => {
    // Noon, so that the day after the recording has minutes.
    const noon = marketAt(new Date('2026-11-20T12:00:30Z'));
    const recordings = join(RECORDINGS_DIR, 'archive-1m');
    await stack.startSimulator(['--recordings', recordings, '--place', 'past', '--clock-origin', noon]);
    const { origin } = await getJson<{ origin: string }>(`${stack.exchangeUrl}/_simulator/origin`);
    shift = Number(origin.split(':').at(-1)) * DAY;
    app = await stack.start('standalone-app');
    api = await stack.urlOf('standalone-app');
    await eventually('every minute is accounted for', async () => {
      const ranges = await getAll<{ state: string; end: string }>(api, '/coverage?symbol=BTCUSDT');
      const complete = ranges.every(({ state }) => state !== 'missing');
      return complete && Date.parse(ranges.at(-1)?.end ?? '') * MILLISECOND > RECORDED.end + shift ? true : undefined;
    });
  });

  afterAll(async () => {
    await stack.close();
  });

  it.each([
    ['minutes', '1m', () => DATES.flatMap(archiveMinutes)],
    ['hours', '1h', () => recordedHours().filter(within)],
    ['days', '1d', recordedDays],
  ] as const)("should serve %s that equal the exchange's own candles in all nine numbers", async (_, interval, own) => {
    const expected = own().map((candle) => servedAs(candle, shift));
    expect(expected).toHaveLength(
      Math.round((RECORDED.end - RECORDED.start) / { '1m': DAY / 1440, '1h': HOUR, '1d': DAY }[interval]),
    );
    const columns = Object.keys(expected[0] ?? {});
    const candles = await getAll<CandleItem>(api, `/candles?symbol=BTCUSDT&interval=${interval}&limit=5000`);
    expect(candles.map((item) => Object.fromEntries(columns.map((name) => [name, item[name]])))).toEqual(expected);
    expect(candles.every((item) => item['is_closed'] === true)).toBe(true);
  });

  it("should serve daily tables that equal the exchange's own days digit for digit", async () => {
    const [first, end] = [RECORDED.start + shift, RECORDED.end + shift].map(formatDate);
    const window = `symbol=BTCUSDT&start=${first}&end=${end}`;
    const days = recordedDays();
    expect(days).toHaveLength(2);
    const own = days.map((day) => ({ date: formatDate(day.openTime + shift), symbol: 'BTCUSDT', day }));
    const final = { is_final: 'true', source: 'kline' };
    expect(await getCsv(`${api}/bi/daily_ohlc.csv?${window}`)).toEqual(
      own.map(({ date, symbol, day: { open, high, low, close } }) => ({
        date,
        symbol,
        open,
        high,
        low,
        close,
        ...final,
      })),
    );
    expect(await getCsv(`${api}/bi/daily_volume.csv?${window}`)).toEqual(
      own.map(({ date, symbol, day: { volume, quoteVolume, tradeCount } }) => ({
        date,
        symbol,
        volume,
        quote_volume: quoteVolume,
        trade_count: String(tradeCount),
        ...final,
      })),
    );
  });

  it('should call what lies outside the recording stopped and itself well', async () => {
    const ranges = await getAll<{ start: string; end: string; state: string }>(api, '/coverage?symbol=BTCUSDT');
    const times = [RECORDED.start + shift, RECORDED.end + shift].map((time) => time / MILLISECOND);
    expect(ranges.map(({ state }) => state)).toEqual(['stopped', 'captured', 'stopped']);
    expect([ranges[1]?.start, ranges[1]?.end].map((time) => Date.parse(time ?? ''))).toEqual(times);

    const health = await eventually('the state of the symbol is known', async () => {
      const answer = await getJson<{
        status: string;
        reasons: string[];
        symbols: { exchange_status: string; last_minute: string | null }[];
      }>(`${api}/health`);
      return answer.symbols[0]?.exchange_status === 'UNKNOWN' ? undefined : answer;
    });
    expect(health).toMatchObject({
      status: 'ok',
      reasons: [],
      symbols: [{ exchange_status: 'BREAK', last_minute: null }],
    });
    expect(await app.stop()).toBe(0);
  });
});
