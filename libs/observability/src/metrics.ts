import { collectDefaultMetrics, Gauge, Registry, type Metric } from 'prom-client';

export { Counter, Gauge, Histogram } from 'prom-client';

/** Gauges that prom-client names like counters; without the suffix they are there too, by type. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** The process's own Prometheus registry: one per process, handed to whoever counts something. */
export class MetricsRegistry extends Registry {
  constructor(build?: { readonly process: string; readonly version: string }) {
    super();
    if (!build) return;
    collectDefaultMetrics({ register: this });
    for (const name of MISNAMED) this.removeSingleMetric(name);
    new Gauge({
      name: 'csp_build_info',
      help: 'Always 1; what runs is in the labels.',
      labelNames: ['process', 'version'],
      registers: [this],
    }).set({ process: build.process, version: build.version }, 1);
  }

  /** The metric of this name, made at the first call: what is opened again in the same process goes on counting in it. */
  once<T extends Metric>(name: string, make: () => T): T {
    return (this.getSingleMetric(name) as T | undefined) ?? make();
  }
}
