import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '@app/domain';
import { AlignedClock } from './aligned-clock';
import { parseSimulatedTime, SimulatorClock } from './simulator-clock';
import { SystemClock } from './system-clock';

const REQUEST_TIMEOUT_MS = 2_000;
const RETRY_DELAY_MS = 250;
const GIVE_UP_AFTER_MS = 30_000;

export interface ClockOptions {
  readonly clock: 'system' | 'simulator';
  /** Addresses of the exchange; the first that answers `/_simulator/clock` sets a simulated time. */
  readonly restUrls: readonly string[];
}

async function askSimulator(url: string): Promise<Clock> {
  const response = await fetch(`${url}/_simulator/clock`, {
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    redirect: 'error',
  });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return new SimulatorClock(parseSimulatedTime(await response.json()));
}

/**
 * The clock that the configuration names, ready to be held against the exchange's. For `simulator` it asks each address in turn, again and again for 30 s: the
 * processes of a demo start in any order. @throws Error when no simulator answered by then
 */
export async function createClock({ clock, restUrls }: ClockOptions): Promise<AlignedClock> {
  if (clock === 'system') return new AlignedClock(new SystemClock());
  const deadline = performance.now() + GIVE_UP_AFTER_MS;
  let lastError: unknown;
  do {
    for (const url of restUrls) {
      try {
        return new AlignedClock(await askSimulator(url));
      } catch (error) {
        lastError = error;
      }
    }
    await delay(RETRY_DELAY_MS);
  } while (performance.now() < deadline);
  throw new Error(`CLOCK=simulator: no exchange simulator answers at ${restUrls.join(', ')}`, { cause: lastError });
}
