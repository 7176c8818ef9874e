import { Injectable } from '@nestjs/common';
import { Counter, MetricsRegistry } from '@app/observability';

/** What background jobs say of themselves to Prometheus. */
@Injectable()
export class JobMetrics {
  private readonly skippedTotal: Counter<'task'>;

  constructor(registry: MetricsRegistry) {
    this.skippedTotal = new Counter({
      name: 'csp_schedule_skipped_total',
      help: 'Due instants of a task that passed while it still ran or the process slept.',
      labelNames: ['task'],
      registers: [registry],
    });
  }

  skipped(task: string, instants: number): void {
    this.skippedTotal.inc({ task }, Math.max(0, instants));
  }
}
