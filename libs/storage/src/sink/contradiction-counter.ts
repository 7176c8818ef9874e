import type { EventKind, EventKinds } from '@app/domain';
import { Counter, type MetricsRegistry } from '@app/observability';

/** Counts events that were stored although what they say contradicts itself; of minutes, `verify-bi` lists them. */
export class ContradictionCounter {
  private readonly totals = new Map<string, Counter>();

  constructor(kinds: EventKinds, metrics: MetricsRegistry) {
    for (const { name, contradictions } of kinds) {
      if (!contradictions) continue;
      const { metric, help } = contradictions;
      this.totals.set(
        name,
        metrics.once(metric, () => new Counter({ name: metric, help, registers: [metrics] })),
      );
    }
  }

  /** Of an event that is new or revised in the store. */
  count<Event>({ name, contradictions }: EventKind<Event>, event: Event): void {
    if (contradictions && contradictions.of(event).length > 0) this.totals.get(name)?.inc();
  }
}
