/** What a process says of itself under `/health`. */
export interface HealthStatus {
  readonly status: 'ok' | 'degraded';
  /** Why it is degraded, one readable line each, and what else there is to say: an ok status may have reasons too. */
  readonly reasons: readonly string[];
  readonly [detail: string]: unknown;
}

export abstract class HealthReport {
  abstract report(): Promise<HealthStatus>;
}
