import { Inject, Injectable } from '@nestjs/common';
import { Clock, Exchange, formatDate, formatMillisTime, HistoryStore, HOUR, type ReachEvidence } from '@app/domain';
import { LOGGER, type Logger } from '@app/observability';
import { CAPTURE_OPTIONS, type CaptureOptions } from '../capture-options';
import { CapturedSymbols } from '../symbols/captured-symbols';
import { SymbolDirectory } from '../symbols/symbol-directory';
import { ledgerStartAt, SymbolTracker } from '../symbols/symbol-tracker';

/** Fewer prices prove nothing, and a few of them may fit by chance. */
const LEAST_PRICES = 3;
const OUTSIDE_SHARE = 0.8;
/** Ledgers that began within this of one another were begun by one clock. */
const SAME_START = HOUR;

interface SymbolEvidence extends ReachEvidence {
  readonly symbol: string;
}

/** Puts ledgers right that began by a clock which was wrong. */
@Injectable()
export class CorrectLedgersUseCase {
  constructor(
    private readonly history: HistoryStore,
    private readonly tracker: SymbolTracker,
    private readonly exchange: Exchange,
    private readonly clock: Clock,
    private readonly directory: SymbolDirectory,
    private readonly captured: CapturedSymbols,
    @Inject(CAPTURE_OPTIONS) private readonly options: CaptureOptions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Ledgers that began by a clock which was behind: they reach back further than anybody asked for. */
  async behind(): Promise<void> {
    const found: SymbolEvidence[] = [];
    await this.directory.ready();
    for (const symbol of this.captured.list) {
      const evidence = await this.history.reachEvidence(symbol, this.clock.now());
      if (evidence) found.push({ ...evidence, symbol });
    }
    for (const evidence of found) {
      const together = found.filter((other) => Math.abs(other.trackedSince - evidence.trackedSince) <= SAME_START);
      if (isProof(sumOf(together)) || together.some(isProof)) await this.move(evidence);
      else await this.history.confirmReach(evidence.symbol);
    }
  }

  /** Ledgers that began by a clock which was ahead: they lack the days between its time and the true one. */
  async ahead(symbols: readonly string[]): Promise<void> {
    for (const symbol of symbols) {
      this.tracker.forget(symbol);
      const frame = await this.tracker.frame(symbol);
      const { origin } = this.exchange.status();
      if (!frame || origin === null) continue;
      const start = ledgerStartAt(frame.trackedSince, this.options.backfillDays);
      if (start >= frame.ledgerStart) continue;
      await this.history.extendLedger(symbol, start, origin);
      this.tracker.forget(symbol);
    }
  }

  private async move({ symbol, trackedSince: wrong, resumedAt }: SymbolEvidence): Promise<void> {
    const trackedSince = resumedAt ?? this.clock.now();
    const ledgerStart = ledgerStartAt(trackedSince, this.options.backfillDays);
    await this.history.moveLedger({ symbol, trackedSince, ledgerStart });
    this.tracker.forget(symbol);
    this.logger.warn(
      { symbol },
      `${symbol}: its ledger began on ${formatMillisTime(wrong)} by a clock that was behind, as its first prices show; ` +
        `it begins on ${formatDate(ledgerStart)} now. Minutes before that stay stored; \`cli backfill\` accounts for them`,
    );
  }
}

function sumOf(evidence: readonly ReachEvidence[]): Pick<ReachEvidence, 'compared' | 'outside'> {
  return {
    compared: evidence.reduce((sum, { compared }) => sum + compared, 0),
    outside: evidence.reduce((sum, { outside }) => sum + outside, 0),
  };
}

function isProof({ compared, outside }: Pick<ReachEvidence, 'compared' | 'outside'>): boolean {
  return compared >= LEAST_PRICES && outside >= compared * OUTSIDE_SHARE;
}
