import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { ceilTo, Clock, Exchange, MINUTE } from '@app/domain';
import { LivePriority } from '../schedule/live-priority';

/** Share of the weight budget of a minute that past minutes may use up; the rest is for what happens now. */
const BUDGET_SHARE = 0.5;
/** Real time between two pages: the event loop serves requests meanwhile. */
const BREATH_MILLIS = 5;
const LONGEST_WAIT_MILLIS = 60_000;

/** Keeps work on past minutes out of the way of live capture. */
@Injectable()
export class GentlePace {
  constructor(
    private readonly exchange: Exchange,
    private readonly live: LivePriority,
    private readonly clock: Clock,
  ) {}

  /** Resolves when the next page may be asked for, or when the signal ends the wait. */
  async step(signal: AbortSignal): Promise<void> {
    const { usedWeight, weightLimit, blockedUntil } = this.exchange.status();
    const now = this.clock.now();
    if (blockedUntil !== null && blockedUntil > now) await this.pause(this.clock.realMillisUntil(blockedUntil), signal);
    else if (weightLimit > 0 && usedWeight > weightLimit * BUDGET_SHARE) {
      await this.pause(this.clock.realMillisUntil(ceilTo(now + 1, MINUTE)), signal);
    }
    await this.pause(BREATH_MILLIS, signal);
    await this.live.whenIdle(signal);
  }

  private async pause(millis: number, signal: AbortSignal): Promise<void> {
    await delay(Math.min(millis, LONGEST_WAIT_MILLIS), undefined, { signal }).catch(() => undefined);
  }
}
