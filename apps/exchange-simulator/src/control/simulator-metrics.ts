import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';

/** Prometheus metrics of the simulator itself. */
@Injectable()
export class SimulatorMetrics {
  readonly registry = new Registry();
  private readonly requests = new Counter({
    name: 'csp_simulator_requests_total',
    help: 'Requests by route and status code.',
    labelNames: ['route', 'status_code'],
    registers: [this.registry],
  });
  private readonly weight = new Counter({
    name: 'csp_simulator_request_weight_total',
    help: 'Request weight charged.',
    registers: [this.registry],
  });
  private readonly usedWeight = new Gauge({
    name: 'csp_simulator_used_weight',
    help: 'Weight used in the current minute of the market clock by the address that asked last.',
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  answered(route: string, status: number): void {
    this.requests.inc({ route, status_code: String(status) });
  }

  charged(weight: number, usedWeight: number): void {
    this.weight.inc(weight);
    this.usedWeight.set(usedWeight);
  }
}
