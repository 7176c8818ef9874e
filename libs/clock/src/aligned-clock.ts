import {
  CLOCK_FOLLOW,
  type Clock,
  ClockAlignment,
  HOUR,
  MILLISECOND,
  SECOND,
  type ClockOffset,
  type EpochMicros,
  type ServerTime,
} from '@app/domain';
import { BridgedTime } from './bridged-time';

/** Once followed, the exchange's time is let go only where going back to the local clock is a step that is bridged. */
const LET_GO: EpochMicros = SECOND;
/** Real seconds by which the local clock and the monotonic counter drift apart only when one of them jumps. */
const STEP_SECONDS = 0.5;

interface Reading {
  /** Where the exchange's clock stood at that count of the monotonic counter. */
  readonly exchange: EpochMicros;
  readonly monotonic: EpochMicros;
  /** What the local clock was ahead of the monotonic counter. */
  readonly drift: EpochMicros;
}

/** The local clock as long as it agrees with the exchange's, and the exchange's time when it does not. */
export class AlignedClock extends ClockAlignment {
  private reading: Reading | undefined;
  private follows = false;
  private readonly bridged = new BridgedTime();
  private readonly largestDrift: EpochMicros;
  /** Market seconds per real second. */
  private readonly factor: number;

  constructor(private readonly local: Clock) {
    super();
    this.factor = HOUR / (local.realMillisUntil(local.now() + HOUR) * MILLISECOND);
    this.largestDrift = STEP_SECONDS * SECOND * this.factor;
  }

  now(): EpochMicros {
    const local = this.local.now();
    const exchange = this.carried() ?? local;
    const apart = Math.abs(exchange - local);
    this.follows = apart > (this.follows ? LET_GO : CLOCK_FOLLOW);
    return this.bridged.at(this.follows ? exchange : local, this.monotonicNow());
  }

  monotonicNow(): EpochMicros {
    return this.local.monotonicNow();
  }

  realMillisUntil(time: EpochMicros): number {
    return this.local.realMillisUntil(time - (this.now() - this.local.now()));
  }

  realNow(): EpochMicros {
    return this.local.realNow() + Math.round((this.now() - this.local.now()) / this.factor);
  }

  align({ time, sentAt, receivedAt }: ServerTime): void {
    const [monotonic, local] = [this.local.monotonicNow(), this.local.now()];
    const uncertainty = (receivedAt - sentAt) / 2;
    const exchange = time + (monotonic - (sentAt + receivedAt) / 2);
    // The exchange read its clock, in whole milliseconds, at any moment between the two: an offset within that span
    // proves none.
    const isProved = Math.abs(exchange - local) > uncertainty + MILLISECOND;
    this.reading = { exchange: isProved ? Math.round(exchange) : local, monotonic, drift: local - monotonic };
    this.now();
  }

  offset(): ClockOffset | undefined {
    const exchange = this.carried();
    if (this.reading === undefined || exchange === undefined) return undefined;
    return { offset: exchange - this.local.now(), age: this.local.monotonicNow() - this.reading.monotonic };
  }

  exchangeNow(): EpochMicros {
    return this.carried() ?? this.now();
  }

  get stepped(): boolean {
    if (this.reading === undefined) return false;
    const drift = this.local.now() - this.local.monotonicNow();
    return Math.abs(drift - this.reading.drift) > this.largestDrift;
  }

  get followsExchange(): boolean {
    this.now();
    return this.follows;
  }

  /** The exchange's time, carried on from the last reading. */
  private carried(): EpochMicros | undefined {
    return this.reading && this.reading.exchange + (this.local.monotonicNow() - this.reading.monotonic);
  }
}
