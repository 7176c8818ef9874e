import { Clock, MILLISECOND, parseIsoTime, type EpochMicros } from '@app/domain';
import { SystemClock } from './system-clock';

/** How a simulator's time runs: market = origin.market + (real − origin.real) · factor. */
export interface SimulatedTime {
  readonly market: EpochMicros;
  readonly real: EpochMicros;
  /** Market seconds per real second, above 0. */
  readonly factor: number;
}

/** Time of an exchange simulator: the same straight line from real to market time that the simulator itself uses. */
export class SimulatorClock extends Clock {
  constructor(
    private readonly time: SimulatedTime,
    private readonly system: Clock = new SystemClock(),
  ) {
    super();
  }

  now(): EpochMicros {
    return this.time.market + Math.floor((this.system.now() - this.time.real) * this.time.factor);
  }

  monotonicNow(): EpochMicros {
    return Math.floor(this.system.monotonicNow() * this.time.factor);
  }

  realMillisUntil(time: EpochMicros): number {
    return Math.max(0, Math.ceil((time - this.now()) / MILLISECOND / this.time.factor));
  }

  realNow(): EpochMicros {
    return this.system.now();
  }
}

/** Reads the answer of a simulator's `/_simulator/clock`. @throws Error saying what is wrong with it */
export function parseSimulatedTime(answer: unknown): SimulatedTime {
  const { origin, factor } = (answer ?? {}) as { origin?: { market?: unknown; real?: unknown }; factor?: unknown };
  const market = typeof origin?.market === 'string' ? parseIsoTime(origin.market) : undefined;
  const real = typeof origin?.real === 'string' ? parseIsoTime(origin.real) : undefined;
  if (market === undefined || real === undefined || typeof factor !== 'number' || !(factor > 0)) {
    throw new Error(`the simulator's clock is not readable: ${JSON.stringify(answer ?? null).slice(0, 200)}`);
  }
  return { market, real, factor };
}
