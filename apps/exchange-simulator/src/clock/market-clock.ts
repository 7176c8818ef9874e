/** Where market time and real time meet. Both are epoch milliseconds. */
export interface ClockOrigin {
  readonly market: number;
  readonly real: number;
}

/**
 * The exchange's clock: market time runs `factor` times as fast as real time and passes through `origin`.
 * It keeps no state, so that a process started again with the same origin and factor continues the same time.
 */
export class MarketClock {
  constructor(
    readonly origin: ClockOrigin,
    readonly factor: number,
    private readonly realNow: () => number = Date.now,
  ) {}

  /** Market time in whole epoch milliseconds. */
  now(): number {
    return Math.floor(this.origin.market + (this.realNow() - this.origin.real) * this.factor);
  }
}
