import type { SinkResult } from '@app/domain';
import { Counter, type MetricsRegistry } from '@app/observability';

const SINK_EVENTS_TOTAL = 'csp_sink_events_total';
const OUTCOMES = ['taken', 'repeats', 'revisions'] as const;

/** Counts what became of the events that a sink was offered. */
export class SinkOutcomes {
  private readonly total: Counter<'outcome'>;

  constructor(metrics: MetricsRegistry) {
    this.total = metrics.once(
      SINK_EVENTS_TOTAL,
      () =>
        new Counter({
          name: SINK_EVENTS_TOTAL,
          help: 'Events offered to the sink: taken as new rows, repeats of stored ones, or revisions of stored candles.',
          registers: [metrics],
          labelNames: ['outcome'],
        }),
    );
    for (const outcome of OUTCOMES) this.total.inc({ outcome }, 0);
  }

  add(result: SinkResult): void {
    for (const outcome of OUTCOMES) this.total.inc({ outcome }, result[outcome]);
  }
}
