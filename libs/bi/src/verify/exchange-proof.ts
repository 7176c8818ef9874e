import { Injectable } from '@nestjs/common';
import {
  ArchiveError,
  CandleReader,
  Clock,
  DAY,
  DayQualityReader,
  DayVerificationStore,
  Exchange,
  floorTo,
  formatDate,
  HistoryStore,
  ledgerEnd,
  rangeOfMinute,
  sameCandleNumbers,
  type CandleNumbers,
  type DayVerification,
  type EpochMicros,
  type KnownDifference,
  type LeftOutMinutes,
  type StoredCandle,
  type TimeRange,
} from '@app/domain';
import { describeDifference } from './candle-difference';
import { ArchiveDays } from './archive-days';
import { DayRefetch } from './day-refetch';
import type { Findings } from './finding';

/** How often a day is asked for until it is settled: an answer may be revised while it is looked at. */
const MOST_FETCHES = 3;

/** Days of one symbol that are compared. */
export interface DayComparison {
  readonly symbol: string;
  readonly dates: TimeRange;
  /** Whether also with the files of the archive. */
  readonly withArchive: boolean;
}

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

/** What the exchange says of a day, asked once more; undefined when it has nothing to say. */
type Witness = () => Promise<CandleNumbers | undefined>;

type Verdict = { readonly difference: KnownDifference } | { readonly mismatch: string } | 'equal';

interface Judged {
  readonly verdict: Verdict;
  /** Before the stored day was read. */
  readonly readAt: EpochMicros;
}

/** After so many files in a row that could not be had, the days after them are not looked for in the archive. */
const MOST_ARCHIVE_FAILURES = 3;

/** What is asked about the days of one symbol. */
interface Inquiry {
  readonly signal: AbortSignal;
  /** By date. */
  readonly knownBefore: ReadonlyMap<EpochMicros, KnownDifference>;
  /** Undefined where files are not asked for, or the archive goes on not to answer. */
  archive: ArchiveDays | undefined;
  archiveFailuresInARow: number;
  /** Rows that were left out of minutes fetched again, each told once. */
  readonly leftOut: Set<string>;
  readonly findings: Findings;
}

function tellLeftOut(symbol: string, rows: readonly LeftOutMinutes[], { leftOut, findings }: Inquiry): void {
  for (const { detail } of rows) {
    if (!leftOut.has(detail)) findings.add(symbol, `a minute that was fetched again was left out: ${detail}`);
    leftOut.add(detail);
  }
}

const samePair = (one: Pair, other: Pair): boolean =>
  sameCandleNumbers(one.stored, other.stored) && sameCandleNumbers(one.exchange, other.exchange);

/** Closed days beside the exchange's own candles of them, and beside the files of its archive. */
@Injectable()
export class ExchangeProof {
  constructor(
    private readonly candles: CandleReader,
    private readonly quality: DayQualityReader,
    private readonly exchange: Exchange,
    private readonly archive: ArchiveDays,
    private readonly history: HistoryStore,
    private readonly verifications: DayVerificationStore,
    private readonly refetch: DayRefetch,
    private readonly clock: Clock,
  ) {}

  /**
   * Compares every closed day that is stored and keeps what was found. A day that differs is fetched again; one that goes
   * on to differ because the exchange stopped on it, or gave the same contradiction twice, is a known difference.
   * Everything else is a finding. What was found is kept when the rest fails or is aborted; `comparing` is told each day.
   * @throws ExchangeError, OriginMismatchError
   */
  async run(
    { symbol, dates, withArchive }: DayComparison,
    findings: Findings,
    signal: AbortSignal,
    comparing: (date: EpochMicros) => void,
  ): Promise<ComparedDays> {
    const closed = { start: dates.start, end: Math.min(dates.end, floorTo(ledgerEnd(this.clock.now()), DAY)) };
    const ledgerStart = (await this.history.ledgerFrame(symbol))?.ledgerStart ?? 0;
    const known = await this.verifications.knownDifferences(symbol);
    const inquiry: Inquiry = {
      signal,
      knownBefore: new Map(known.map((difference) => [difference.date, difference])),
      archive: withArchive && this.archive.isEnabled ? this.archive : undefined,
      archiveFailuresInARow: 0,
      leftOut: new Set(),
      findings,
    };
    const result = { checked: 0, equal: 0, known: [] as KnownDifference[] };
    const { candlesPerPage: days } = this.exchange;
    for (let { start } = closed; start < closed.end; start += days * DAY) {
      const range = { start, end: Math.min(start + days * DAY, closed.end) };
      const readAt = this.clock.now();
      const stored = await this.candles.range([symbol], '1d', range, days);
      if (stored.length === 0) continue;
      const { data, leftOut } = await this.exchange.dayCandles(symbol, range, signal);
      for (const { detail } of leftOut) findings.add(symbol, `a day of the exchange was left out: ${detail}`);
      const own = new Map(data.map((day) => [day.openTime, day]));
      const verified: DayVerification[] = [];
      const differences: KnownDifference[] = [];
      try {
        for (const day of stored) {
          signal.throwIfAborted();
          const date = day.openTime;
          comparing(date);
          const candle = own.get(date);
          if (candle === undefined && rangeOfMinute(leftOut, day) !== undefined) continue;
          // Of such a day only a part was ever asked for.
          if (date < ledgerStart && !(candle && sameCandleNumbers(day, candle))) continue;
          const judged = await this.judge(day, candle, readAt, inquiry);
          const { verdict } = judged;
          result.checked += 1;
          if (verdict === 'equal') result.equal += 1;
          else if ('difference' in verdict) differences.push(verdict.difference);
          else findings.add(symbol, `${formatDate(date)}, stored and the exchange's own: ${verdict.mismatch}`);
          verified.push({ symbol, date, result: verdict === 'equal' ? 'equal' : 'differs', checkedAt: judged.readAt });
        }
      } finally {
        await this.verifications.save(verified, differences);
      }
      result.known.push(...differences);
    }
    return result;
  }

  /** The day beside the exchange's candle, and where they are equal beside the archive's file. */
  private async judge(
    day: StoredCandle,
    candle: CandleNumbers | undefined,
    readAt: EpochMicros,
    inquiry: Inquiry,
  ): Promise<Judged> {
    const { symbol, openTime: date } = day;
    const askDay: Witness = async () =>
      (await this.exchange.dayCandles(symbol, { start: date, end: date + DAY }, inquiry.signal)).data[0];
    const judged = await this.settle({ day, readAt }, candle, askDay, inquiry);
    const { archive } = inquiry;
    if (judged.verdict !== 'equal' || !archive) return judged;
    const askFile: Witness = () => archive.numbers(symbol, date, inquiry.signal);
    try {
      const filed = await askFile();
      inquiry.archiveFailuresInARow = 0;
      return filed ? await this.settle({ day, readAt: judged.readAt }, filed, askFile, inquiry) : judged;
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error;
      inquiry.archiveFailuresInARow += 1;
      const isAway = inquiry.archiveFailuresInARow >= MOST_ARCHIVE_FAILURES;
      const days = isAway ? `${formatDate(date)} and the days after it were` : `${formatDate(date)} was`;
      inquiry.findings.add(symbol, `${days} not compared with the archive: ${error.message}`);
      if (isAway) inquiry.archive = undefined;
      return judged;
    }
  }

  private async settle(
    { day, readAt }: { readonly day: StoredCandle; readonly readAt: EpochMicros },
    own: CandleNumbers | undefined,
    ask: Witness,
    inquiry: Inquiry,
  ): Promise<Judged> {
    const { knownBefore, signal } = inquiry;
    const { symbol, openTime: date } = day;
    const before = knownBefore.get(date);
    let pair: Pair | undefined = own && { stored: day, exchange: own };
    if (pair && sameCandleNumbers(pair.stored, pair.exchange)) return { verdict: 'equal', readAt };
    if (before && pair && samePair(before, pair)) return { verdict: { difference: before }, readAt };
    for (let fetch = 0; ; fetch += 1) {
      tellLeftOut(symbol, await this.refetch.run(symbol, date, signal), inquiry);
      const again = { readAt: this.clock.now() };
      const [stored] = await this.candles.range([symbol], '1d', { start: date, end: date + DAY }, 1);
      const exchange = await ask();
      if (!stored || !exchange) return { ...again, verdict: { mismatch: 'the exchange has no candle of the day' } };
      const next: Pair = { stored, exchange };
      if (sameCandleNumbers(stored, exchange)) return { ...again, verdict: 'equal' };
      const missing = await this.minutes(symbol, date, 'missing');
      if (missing > 0) {
        const mismatch = `${missing} minutes are missing; ${describeDifference(stored, exchange)}`;
        return { ...again, verdict: { mismatch } };
      }
      const isStopped = (await this.minutes(symbol, date, 'stopped')) > 0;
      if (isStopped || (pair && samePair(pair, next))) {
        const reason = isStopped ? 'exchange_stop' : 'contradiction';
        return { ...again, verdict: { difference: { symbol, date, reason, ...next, foundAt: again.readAt } } };
      }
      if (fetch + 1 === MOST_FETCHES) {
        return { ...again, verdict: { mismatch: 'the exchange gave something else each time it was asked' } };
      }
      pair = next;
    }
  }

  private async minutes(symbol: string, date: EpochMicros, state: 'missing' | 'stopped'): Promise<number> {
    const [day] = await this.quality.days([symbol], { start: date, end: date + DAY });
    return day?.[state] ?? 0;
  }
}
