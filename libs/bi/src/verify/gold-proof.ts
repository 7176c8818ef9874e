import { Injectable } from '@nestjs/common';
import {
  AMOUNT_RULE,
  CandleReader,
  contradictionsOf,
  DAY,
  DailyMetricsReader,
  floorTo,
  formatBucketTime,
  formatDate,
  HOUR,
  unfitNumberOf,
  type DailyMetrics,
  type EpochMicros,
  type StoredCandle,
  type TimeRange,
  PAGE_ROWS,
} from '@app/domain';
import { METRICS_REACH, metricsOfDays, rollUpBy, type RollUp } from '@app/history';
import { describeDifference, sameDigits } from './candle-difference';
import type { Findings } from './finding';

const DAYS_AT_ONCE = 3;

/** A bucket may change while it is compared: what differs is read again before it counts. */
const READINGS = 3;

const METRICS = [
  'close',
  'logReturn',
  'vwap',
  'trueRange',
  'volClose7d',
  'volClose30d',
  'volParkinson30d',
  'volGarmanKlass30d',
  'volYangZhang30d',
  'maxDrawdown30d',
  'observations',
] as const satisfies readonly (keyof DailyMetrics)[];

/** Hours, days and metrics as they are stored, beside what their minutes make of them again. */
@Injectable()
export class GoldProof {
  constructor(
    private readonly candles: CandleReader,
    private readonly metrics: DailyMetricsReader,
  ) {}

  /**
   * Tells of every hour, day and row of metrics in the dates that differs from its recomputation. Hours and days are
   * looked at from the first date on of which all minutes are kept, which is returned; undefined when there is none.
   * `contradictions` is told of minutes whose own numbers contradict each other.
   */
  async run(
    symbol: string,
    dates: TimeRange,
    findings: Findings,
    contradictions: Findings,
    signal: AbortSignal,
  ): Promise<EpochMicros | undefined> {
    const since = await this.firstWholeDate(symbol, dates);
    if (since !== undefined) {
      for (let start = since; start < dates.end; start += DAYS_AT_ONCE * DAY) {
        signal.throwIfAborted();
        const range = { start, end: Math.min(start + DAYS_AT_ONCE * DAY, dates.end) };
        const minutes = await this.candles.range([symbol], '1m', range, PAGE_ROWS);
        for (const text of minutes.flatMap(contradictionOf)) contradictions.add(symbol, text);
        for (const text of minutes.flatMap(unfitOf)) findings.add(symbol, text);
        const differences = await settled(() => this.compareLevels(symbol, range));
        for (const difference of differences) findings.add(symbol, difference);
      }
    }
    for (const difference of await settled(() => this.compareMetrics(symbol, dates))) findings.add(symbol, difference);
    return since;
  }

  /** Minutes may be kept for a shorter time than days: the first date that has some may have lost others. */
  private async firstWholeDate(symbol: string, dates: TimeRange): Promise<EpochMicros | undefined> {
    const [minute] = await this.candles.range([symbol], '1m', dates, 1);
    if (!minute) return undefined;
    const date = floorTo(minute.openTime, DAY);
    const [hour] = await this.candles.range([symbol], '1h', { start: date, end: dates.end }, 1);
    return hour && hour.openTime < floorTo(minute.openTime, HOUR) ? date + DAY : date;
  }

  private async compareLevels(symbol: string, range: TimeRange): Promise<string[]> {
    const minutes = await this.candles.range([symbol], '1m', range, PAGE_ROWS);
    return [
      ...compare('1h', rollUpBy(minutes, HOUR), await this.candles.range([symbol], '1h', range, PAGE_ROWS)),
      ...compare('1d', rollUpBy(minutes, DAY), await this.candles.range([symbol], '1d', range, PAGE_ROWS)),
    ];
  }

  private async compareMetrics(symbol: string, dates: TimeRange): Promise<string[]> {
    const reach = { start: dates.start - METRICS_REACH * DAY, end: dates.end };
    const days = await this.candles.range([symbol], '1d', reach, Number.MAX_SAFE_INTEGER);
    const stored = await this.metrics.range([symbol], dates, Number.MAX_SAFE_INTEGER);
    const byDate = new Map(stored.map((row) => [row.date, row]));
    const expected = metricsOfDays(
      days.map((day) => ({ ...day, date: day.openTime })),
      dates,
    );
    const differences = expected.flatMap((row) => {
      const own = byDate.get(row.date);
      const wrong = METRICS.filter((name) => own?.[name] !== row[name]);
      const fields = wrong.map((name) => `${name} ${String(own?.[name])}, recomputed ${String(row[name])}`);
      return wrong.length === 0 ? [] : [`metrics of ${formatDate(row.date)}: ${fields.join('; ')}`];
    });
    const surplus = stored.length - expected.length;
    return surplus > 0 ? [...differences, `${surplus} rows of metrics are of dates without candles`] : differences;
  }
}

/** A minute that contradicts itself: it is stored as the exchange gave it, and counts as it is in what is made of it. */
function contradictionOf(minute: StoredCandle): string[] {
  const found = contradictionsOf(minute);
  return found.length === 0 ? [] : [`${formatBucketTime(minute.openTime)}: ${found.join(', ')}`];
}

/** A minute that an earlier release accepted, and that fits into no table. */
function unfitOf(minute: StoredCandle): string[] {
  const number = unfitNumberOf(minute);
  return number === undefined
    ? []
    : [`the minute ${formatBucketTime(minute.openTime)} has ${number}, not ${AMOUNT_RULE}`];
}

function compare(
  interval: string,
  expected: ReadonlyMap<EpochMicros, RollUp>,
  stored: readonly StoredCandle[],
): string[] {
  const byTime = new Map(stored.map((candle) => [candle.openTime, candle]));
  const name = (time: EpochMicros): string => `${interval} candle of ${formatBucketTime(time)}`;
  const differences = [...expected].flatMap(([time, rollUp]) => {
    const candle = byTime.get(time);
    if (!candle) return [`${name(time)}: not there, but its minutes are`];
    const counts = [
      ['minutes', candle.account.stored, rollUp.minutes],
      ['revision', candle.revision, rollUp.revision],
    ] as const;
    const wrong = counts.flatMap(([what, own, made]) => (own === made ? [] : [`${what} ${own} and ${made}`]));
    if (!sameDigits(candle, rollUp)) wrong.unshift(describeDifference(candle, rollUp));
    return wrong.length === 0 ? [] : [`${name(time)}, stored and recomputed from minutes: ${wrong.join(', ')}`];
  });
  const unfounded = stored.filter(({ openTime }) => !expected.has(openTime));
  return [...differences, ...unfounded.map(({ openTime }) => `${name(openTime)}: there, but none of its minutes is`)];
}

/** Differences that are there in every reading. */
async function settled(read: () => Promise<string[]>): Promise<string[]> {
  let differences = await read();
  for (let reading = 1; reading < READINGS && differences.length > 0; reading += 1) differences = await read();
  return differences;
}
