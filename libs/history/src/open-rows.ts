import {
  DAY,
  HOUR,
  LEDGER_DELAY,
  type DailyBar,
  type DayQuality,
  type EpochMicros,
  type HourlyBar,
  type PriceEvent,
  type SymbolMetrics,
  type SymbolSummary,
} from '@app/domain';
import type { Freshness } from './freshness';

const WHOLE = '100.00';

export function noteOpenDay({ date, isFinal, source, changedAt }: DailyBar, fresh: Freshness): void {
  if (isFinal) return;
  if (source === 'kline') {
    fresh.addCandles(changedAt, date + DAY);
    return;
  }
  fresh.addPoll(changedAt);
  // It becomes final with time.
  fresh.addMinutely();
}

export function noteOpenHour({ openTime, isFinal, changedAt }: HourlyBar, fresh: Freshness): void {
  if (!isFinal) fresh.addCandles(changedAt, openTime + HOUR);
}

/** Metrics have no flag: what they are made of is all there once the ledger has accounted for their day. */
export function noteOpenMetrics(
  { date, coveragePercent, changedAt }: SymbolMetrics,
  fresh: Freshness,
  now: EpochMicros,
): void {
  if (!isOver(date, now) || coveragePercent !== WHOLE) fresh.addCandles(changedAt, date + DAY);
}

export function noteOpenQuality({ date, missing, changedAt }: DayQuality, fresh: Freshness, now: EpochMicros): void {
  if (!isOver(date, now) || missing > 0) fresh.addCandles(changedAt, date + DAY);
}

export function noteOpenPrice({ timestamp }: PriceEvent, fresh: Freshness): void {
  fresh.addPoll(timestamp);
}

/** A symbol's coverage moves on with the minute, and its last event with polls. */
export function noteOpenSymbol({ lastEvent }: SymbolSummary, fresh: Freshness): void {
  if (lastEvent !== null) fresh.addPoll(lastEvent);
  fresh.addMinutely();
}

const isOver = (date: EpochMicros, now: EpochMicros): boolean => date + DAY + LEDGER_DELAY <= now;
