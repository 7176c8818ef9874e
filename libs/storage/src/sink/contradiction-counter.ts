import { contradictionsOf, type MinuteCandle } from '@app/domain';
import { Counter, type MetricsRegistry } from '@app/observability';
import type { CheckedEvent } from './checked-event';

const NAME = 'csp_contradictory_candles_total';

/** Counts minutes that were stored although their numbers contradict each other; `verify-bi` lists them. */
export class ContradictionCounter {
  private readonly total: Counter;

  constructor(metrics: MetricsRegistry) {
    this.total = metrics.once(
      NAME,
      () =>
        new Counter({
          name: NAME,
          help: 'Minutes stored as the exchange gave them although their numbers contradict each other.',
          registers: [metrics],
        }),
    );
  }

  /** Of the candles, those that are new or revised in the store. */
  count(candles: Iterable<MinuteCandle>): void {
    for (const candle of candles) if (contradictionsOf(candle).length > 0) this.total.inc();
  }

  /** The same of events that were accepted. */
  countEvents(events: readonly CheckedEvent[]): void {
    for (const checked of events) if (checked.kind === 'candle') this.count([checked.event]);
  }
}
