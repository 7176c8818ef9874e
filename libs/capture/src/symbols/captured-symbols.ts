import { Inject, Injectable } from '@nestjs/common';
import {
  Clock,
  compareCodePoints,
  followAnswer,
  healthReason,
  NOTHING_FOLLOWED,
  type EpochMicros,
  type FollowedSymbols,
  type SymbolInfo,
  isTrading,
} from '@app/domain';
import { LOGGER, type Logger } from '@app/observability';
import { CAPTURE_OPTIONS, type CaptureOptions } from '../capture-options';
import { LeftOutRegister } from '../left-out/left-out-register';
import { Refusals } from '../refusals/refusals';
import { Sleepers } from '../schedule/sleepers';
import { CaptureMetrics } from '../status/capture-metrics';

const MOST_NAMES = 5;

/**
 * The symbols that are captured at present: those that `SYMBOLS` names, and those that its patterns have found on the
 * exchange. Without patterns they never change.
 */
@Injectable()
export class CapturedSymbols {
  private followed: FollowedSymbols = NOTHING_FOLLOWED;
  private captured: readonly string[];
  /** What came in after the first of them. */
  private readonly newcomers = new Set<string>();
  private answered = false;
  private readonly waiting = new Sleepers();

  constructor(
    @Inject(CAPTURE_OPTIONS) private readonly options: CaptureOptions,
    private readonly clock: Clock,
    private readonly refusals: Refusals,
    private readonly leftOut: LeftOutRegister,
    private readonly metrics: CaptureMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.captured = options.choice.names;
  }

  /** The named ones in their order, then those that were found, by code points. */
  get list(): readonly string[] {
    return this.captured;
  }

  /** Whether the exchange has to be asked which symbols they are. */
  get follows(): boolean {
    return this.options.choice.hasPatterns;
  }

  /** Whether anything is known of what the patterns mean. */
  get isKnown(): boolean {
    return !this.follows || this.answered || this.followed.found.size > 0;
  }

  /** Whether the last answer lacked too much to be believed at once. */
  get isInDoubt(): boolean {
    return this.followed.doubtedAt !== null;
  }

  /** Whether a pattern fits the symbol, captured or not. */
  fits(symbol: string): boolean {
    return this.options.choice.fits(symbol);
  }

  has(symbol: string): boolean {
    return this.followed.found.has(symbol) || this.options.choice.names.includes(symbol);
  }

  /** Whether the symbol was found while others were captured already: it may have been listed since. */
  isNewcomer(symbol: string): boolean {
    return this.newcomers.has(symbol);
  }

  /** Symbols that patterns had found before this process began. */
  remember(symbols: readonly string[]): void {
    const found = new Map(this.followed.found);
    for (const symbol of symbols) if (this.fits(symbol) && !found.has(symbol)) found.set(symbol, null);
    this.followed = { ...this.followed, found };
    this.update();
  }

  /** What the exchange lists. Returns the symbols that are captured no longer, and since when it did not list them as trading. */
  saw(symbols: readonly SymbolInfo[]): ReadonlyMap<string, EpochMicros> {
    const before = this.followed.found;
    const fitting = symbols.filter(({ symbol }) => this.fits(symbol));
    this.followed = followAnswer(
      this.followed,
      {
        listed: new Set(fitting.map(({ symbol }) => symbol)),
        trading: fitting.filter(isTrading).map(({ symbol }) => symbol),
      },
      this.clock.now(),
    );
    this.answered = true;
    const { found } = this.followed;
    const now = this.clock.now();
    const left = new Map(
      [...before].filter(([symbol]) => !found.has(symbol)).map(([symbol, since]) => [symbol, since ?? now]),
    );
    const come = [...found.keys()].filter((symbol) => !before.has(symbol));
    if (before.size > 0) for (const symbol of come) this.newcomers.add(symbol);
    this.letGo([...left.keys()]);
    this.tell(come, [...left.keys()]);
    this.update();
    return left;
  }

  /** Resolves when the symbols have changed, or when the signal ends the wait. */
  changed(signal: AbortSignal): Promise<void> {
    return this.waiting.sleep(signal);
  }

  /** Why nothing is captured that patterns mean; empty when something is. */
  problem(): string {
    if (!this.answered || !this.follows || this.followed.found.size > 0) return '';
    return healthReason`no symbol that trades on the exchange fits a pattern of SYMBOLS`;
  }

  /** What else there is to say of them, one readable line each. */
  notes(): string[] {
    const { found, doubtedAt } = this.followed;
    if (doubtedAt === null) return [];
    return [
      healthReason`exchangeInfo lists less than half of the ${found.size} symbols that patterns found: nothing changes until it says so again an hour later`,
    ];
  }

  private letGo(symbols: readonly string[]): void {
    const gone = symbols.filter((symbol) => !this.has(symbol));
    for (const symbol of gone) this.newcomers.delete(symbol);
    this.refusals.forget(gone);
    this.leftOut.forget(gone);
    this.metrics.forget(gone);
  }

  private tell(come: readonly string[], left: readonly string[]): void {
    if (come.length > 0) this.logger.info({ symbols: come.length }, `captured from now on: ${namesOf(come)}`);
    if (left.length > 0) {
      this.logger.info({ symbols: left }, `not listed as trading for a day, captured no longer: ${namesOf(left)}`);
    }
  }

  private update(): void {
    const named = new Set(this.options.choice.names);
    const found = [...this.followed.found.keys()].filter((symbol) => !named.has(symbol)).sort(compareCodePoints);
    const captured = [...named, ...found];
    if (captured.length === this.captured.length && captured.every((symbol, at) => symbol === this.captured[at]))
      return;
    this.captured = captured;
    this.waiting.wake();
  }
}

function namesOf(symbols: readonly string[]): string {
  const more = symbols.length - MOST_NAMES;
  return `${symbols.slice(0, MOST_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
