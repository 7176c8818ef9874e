/** What a process says of itself under `/health`. */
export interface HealthStatus {
  readonly status: 'ok' | 'degraded';
  /** Why it is degraded, one readable line each. */
  readonly reasons: readonly string[];
  readonly [detail: string]: unknown;
}

export abstract class HealthReport {
  abstract report(): Promise<HealthStatus>;
}
