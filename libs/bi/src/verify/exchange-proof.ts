import { Injectable } from '@nestjs/common';
import {
  CandleReader,
  CANDLE_PAGE_LIMIT,
  Clock,
  DAY,
  DayQualityReader,
  DayVerificationStore,
  Exchange,
  floorTo,
  formatDate,
  HistoryStore,
  ledgerEnd,
  sameCandleNumbers,
  type CandleNumbers,
  type DayCandle,
  type DayVerification,
  type DifferenceReason,
  type EpochMicros,
  type KnownDifference,
  type StoredCandle,
  type TimeRange,
} from '@app/domain';
import { describeDifference } from './candle-difference';
import { DayRefetch } from './day-refetch';
import type { Findings } from './finding';

/** How often a day is asked for until it is settled: an answer may be revised while it is looked at. */
const MOST_FETCHES = 3;

/** What came of the days of one symbol. */
export interface ComparedDays {
  readonly checked: number;
  readonly equal: number;
  readonly known: readonly KnownDifference[];
}

/** A day as its minutes make it, and as the exchange gives it. */
interface Pair {
  readonly stored: CandleNumbers;
  readonly exchange: CandleNumbers;
}

type Verdict = { readonly difference: KnownDifference } | { readonly mismatch: string } | 'equal';

const samePair = (one: Pair, other: Pair): boolean =>
  sameCandleNumbers(one.stored, other.stored) && sameCandleNumbers(one.exchange, other.exchange);

/** Closed days beside the exchange's own candles of them. */
@Injectable()
export class ExchangeProof {
  constructor(
    private readonly candles: CandleReader,
    private readonly quality: DayQualityReader,
    private readonly exchange: Exchange,
    private readonly history: HistoryStore,
    private readonly verifications: DayVerificationStore,
    private readonly refetch: DayRefetch,
    private readonly clock: Clock,
  ) {}

  /**
   * Compares every closed day that is stored and keeps what was found. A day that differs is fetched again; one that goes
   * on to differ because the exchange stopped on it, or gave the same contradiction twice, is a known difference.
   * Everything else is a finding. @throws ExchangeError, OriginMismatchError
   */
  async run(symbol: string, dates: TimeRange, findings: Findings, signal: AbortSignal): Promise<ComparedDays> {
    const closed = { start: dates.start, end: Math.min(dates.end, floorTo(ledgerEnd(this.clock.now()), DAY)) };
    const ledgerStart = (await this.history.tracked(symbol))?.ledgerStart ?? 0;
    const knownBefore = new Map(
      (await this.verifications.knownDifferences(symbol)).map((known) => [known.date, known]),
    );
    const result = { checked: 0, equal: 0, known: [] as KnownDifference[] };
    for (let { start } = closed; start < closed.end; start += CANDLE_PAGE_LIMIT * DAY) {
      const range = { start, end: Math.min(start + CANDLE_PAGE_LIMIT * DAY, closed.end) };
      const stored = await this.candles.range([symbol], '1d', range, CANDLE_PAGE_LIMIT);
      if (stored.length === 0) continue;
      const checkedAt = this.clock.now();
      const { data } = await this.exchange.dayCandles(symbol, range, signal);
      const days = new Map(data.map((day) => [day.openTime, day]));
      const verified: DayVerification[] = [];
      const known: KnownDifference[] = [];
      for (const day of stored) {
        signal.throwIfAborted();
        const date = day.openTime;
        const own = days.get(date);
        const isEqual = own !== undefined && sameCandleNumbers(day, own);
        // Of such a day only a part was ever asked for.
        if (!isEqual && date < ledgerStart) continue;
        const verdict = isEqual ? 'equal' : await this.settle(day, own, knownBefore.get(date), signal);
        result.checked += 1;
        if (verdict === 'equal') result.equal += 1;
        else if ('difference' in verdict) known.push(verdict.difference);
        else findings.add(symbol, `${formatDate(date)}, stored and the exchange's own: ${verdict.mismatch}`);
        const settledAt = isEqual ? checkedAt : this.clock.now();
        const outcome = verdict === 'equal' ? 'equal' : 'differs';
        verified.push({ symbol, date, result: outcome, checkedAt: settledAt });
      }
      await this.verifications.save(verified, known);
      result.known.push(...known);
    }
    return result;
  }

  private async settle(
    day: StoredCandle,
    own: DayCandle | undefined,
    before: KnownDifference | undefined,
    signal: AbortSignal,
  ): Promise<Verdict> {
    const { symbol, openTime: date } = day;
    let pair: Pair | undefined = own && { stored: day, exchange: own };
    if (before && pair && samePair(before, pair)) return { difference: before };
    for (let fetch = 0; fetch < MOST_FETCHES; fetch += 1) {
      const again = await this.refetch.run(symbol, date, signal);
      const [stored] = await this.candles.range([symbol], '1d', { start: date, end: date + DAY }, 1);
      if (!stored || !again) return { mismatch: 'the exchange has no candle of the day' };
      const next: Pair = { stored, exchange: again };
      if (sameCandleNumbers(stored, again)) return 'equal';
      const missing = await this.minutes(symbol, date, 'missing');
      if (missing > 0) {
        return { mismatch: `${missing} minutes are missing; ${describeDifference(stored, again)}` };
      }
      const difference = (reason: DifferenceReason): Verdict => ({
        difference: { symbol, date, reason, ...next, foundAt: this.clock.now() },
      });
      if ((await this.minutes(symbol, date, 'stopped')) > 0) return difference('exchange_stop');
      if (pair && samePair(pair, next)) return difference('contradiction');
      pair = next;
    }
    return { mismatch: 'the exchange gave something else each time it was asked' };
  }

  private async minutes(symbol: string, date: EpochMicros, state: 'missing' | 'stopped'): Promise<number> {
    const [day] = await this.quality.days([symbol], { start: date, end: date + DAY });
    return day?.[state] ?? 0;
  }
}
