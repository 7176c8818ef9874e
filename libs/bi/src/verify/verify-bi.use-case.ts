import { Injectable } from '@nestjs/common';
import {
  BronzeReplay,
  Clock,
  DAY,
  ExchangeError,
  floorTo,
  formatBucketTime,
  formatDate,
  SymbolReader,
  type EpochMicros,
  type FetchMismatch,
  type KnownDifference,
  type SymbolSummary,
  type TimeRange,
} from '@app/domain';
import { isUnbuilt } from '../build/staged-folder';
import { ExchangeProof, type ComparedDays, type DayComparison } from './exchange-proof';
import { Findings, type Finding } from './finding';
import { GoldProof } from './gold-proof';
import { TableProof } from './table-proof';

/** Findings kept of each symbol, and of the tables and bronze: the first ones say what is wrong. */
const MOST_FINDINGS = 20;

/** What is to be proved. */
export interface Claim {
  readonly symbols: readonly string[];
  readonly range: Partial<TimeRange>;
  /** Folder of the build. */
  readonly folder: string;
  /** Whether it may be that nothing was built there yet. */
  readonly mayBeUnbuilt?: boolean;
  /** Whether days are also compared with the files of the archive: one download for each. */
  readonly withArchive: boolean;
}

/** What became of one symbol. */
export interface SymbolProof {
  readonly symbol: string;
  readonly daysChecked: number;
  readonly equal: number;
  readonly knownDifferences: number;
  readonly mismatches: number;
  /** First date of which hours and days were recomputed: older minutes are no longer kept. */
  readonly recomputedFrom: EpochMicros | undefined;
}

export interface ProofReport {
  /** False when there is no build yet, so that no file was proved. */
  readonly built: boolean;
  readonly symbols: readonly SymbolProof[];
  readonly known: readonly KnownDifference[];
  readonly findings: readonly Finding[];
  /** Those included that are not listed. */
  readonly mismatches: number;
  /** Minutes whose own numbers contradict each other, as the exchange gave them: no mismatch. */
  readonly contradictions: Pick<Findings, 'list' | 'total'>;
  readonly bronze: { readonly lines: number; readonly since: EpochMicros | undefined };
  /** Fetches whose stored rows have the hash that the manifest has of them. */
  readonly fetchesProved: number;
}

const NO_DAYS: ComparedDays = { checked: 0, equal: 0, known: [] };

/**
 * Proves the tables: their files keep to the contract, gold is what silver makes it, silver is what bronze makes it, and
 * closed days are the exchange's own.
 */
@Injectable()
export class VerifyBiUseCase {
  constructor(
    private readonly symbols: SymbolReader,
    private readonly gold: GoldProof,
    private readonly bronze: BronzeReplay,
    private readonly exchange: ExchangeProof,
    private readonly clock: Clock,
  ) {}

  /** `proving` is told what is in hand, and how many days of how many are compared. @throws StoreNotReadyError, OriginMismatchError */
  async run(
    { symbols, range, folder, mayBeUnbuilt = false, withArchive }: Claim,
    signal: AbortSignal,
    proving: (done: number, total: number, what: string) => void,
  ): Promise<ProofReport> {
    const findings = new Findings(MOST_FINDINGS);
    const contradictions = new Findings(MOST_FINDINGS);
    const now = this.clock.now();
    const summaries = await this.symbols.summaries(symbols);
    const claims = summaries.map((summary) => ({ symbol: summary.symbol, dates: datesOf(summary, range, now) }));
    const total = claims.reduce((sum, { dates }) => sum + daysIn(dates), 0);
    proving(0, total, folder);
    const built = !(mayBeUnbuilt && (await isUnbuilt(folder)));
    if (built) await new TableProof(findings).run(folder, signal);
    proving(0, total, 'bronze');
    const { fetchesProved, ...bronze } = await this.replay(new Set(symbols), range, findings, signal);
    const proofs: SymbolProof[] = [];
    const known: KnownDifference[] = [];
    let done = 0;
    for (const { symbol, dates } of claims) {
      const comparing = (date: EpochMicros): void => {
        proving(done + daysIn(dates && { start: dates.start, end: date }), total, `${symbol} ${formatDate(date)}`);
      };
      proving(done, total, symbol);
      const recomputedFrom = dates && (await this.gold.run(symbol, dates, findings, contradictions, signal));
      const days = dates ? await this.compare({ symbol, dates, withArchive }, findings, signal, comparing) : NO_DAYS;
      done += daysIn(dates);
      known.push(...days.known);
      proofs.push({
        symbol,
        daysChecked: days.checked,
        equal: days.equal,
        knownDifferences: days.known.length,
        mismatches: findings.count(symbol),
        recomputedFrom,
      });
    }
    return {
      built,
      symbols: proofs,
      known,
      findings: findings.list,
      mismatches: findings.total,
      contradictions,
      bronze,
      fetchesProved,
    };
  }

  private async replay(
    symbols: ReadonlySet<string>,
    { start = 0, end = Infinity }: Partial<TimeRange>,
    findings: Findings,
    signal: AbortSignal,
  ): Promise<ProofReport['bronze'] & Pick<ProofReport, 'fetchesProved'>> {
    const { lines, since, differences, damage, fetches } = await this.bronze.compare(signal);
    for (const text of damage) findings.add(undefined, text);
    for (const mismatch of fetches.mismatches) {
      const { symbol, range } = mismatch;
      if (symbols.has(symbol) && range.start < end && range.end > start) findings.add(symbol, describe(mismatch));
    }
    for (const { table, symbol, time, timeText, onlyIn } of differences) {
      if (!symbols.has(symbol) || time < start || time >= end) continue;
      findings.add(
        symbol,
        `${table} ${timeText}: in ${onlyIn === 'bronze' ? 'bronze, not so in the table' : 'the table, not so in bronze'}`,
      );
    }
    return { lines, since, fetchesProved: fetches.proved };
  }

  /** An exchange that does not answer proves nothing. */
  private async compare(
    days: DayComparison,
    findings: Findings,
    signal: AbortSignal,
    comparing: (date: EpochMicros) => void,
  ): Promise<ComparedDays> {
    try {
      return await this.exchange.run(days, findings, signal, comparing);
    } catch (error) {
      if (!(error instanceof ExchangeError) || signal.aborted) throw error;
      findings.add(days.symbol, `days were not compared with the exchange: ${error.message}`);
      return NO_DAYS;
    }
  }
}

function describe({ kind, line, range, rows }: FetchMismatch): string {
  return (
    `minutes ${formatBucketTime(range.start)} to ${formatBucketTime(range.end)}: not those that were fetched (${kind}, ` +
    `line ${line} of the manifest): the hash of the ${rows} rows is another; \`rebuild\` fetches them again`
  );
}

/** The whole dates of a symbol that are asked for; undefined when there are none. */
function datesOf(
  { firstDate }: SymbolSummary,
  { start = 0, end = Infinity }: Partial<TimeRange>,
  now: EpochMicros,
): TimeRange | undefined {
  if (firstDate === null) return undefined;
  const tomorrow = floorTo(now, DAY) + DAY;
  const dates = { start: Math.max(firstDate, floorTo(start, DAY)), end: Math.min(tomorrow, floorTo(end, DAY)) };
  return dates.start < dates.end ? dates : undefined;
}

const daysIn = (dates: TimeRange | undefined): number => (dates ? (dates.end - dates.start) / DAY : 0);
