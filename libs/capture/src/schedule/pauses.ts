import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

/** Waits in real time. */
@Injectable()
export class Pauses {
  /** Resolves after so many milliseconds, or when the signal ends the wait. */
  async wait(millis: number, signal: AbortSignal): Promise<void> {
    await delay(millis, undefined, { signal }).catch(() => undefined);
  }

  /** Resolves as the work does, or when that takes longer than so many milliseconds; the work goes on then. */
  async atMost(millis: number, work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
    const end = new AbortController();
    const ends = signal ? AbortSignal.any([end.signal, signal]) : end.signal;
    await Promise.race([work, delay(millis, undefined, { signal: ends }).catch(() => undefined)]);
    end.abort();
  }
}
