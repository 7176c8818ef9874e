import type { CaptureKind } from '@app/config';

/** What is captured, and by whom. */
export interface CaptureOptions {
  /** Name of the process, as its status row carries it. */
  readonly process: string;
  readonly symbols: readonly string[];
  readonly capture: readonly CaptureKind[];
  readonly pollIntervalSeconds: number;
  readonly backfillDays: number;
}

/** Injection token of {@link CaptureOptions}. */
export const CAPTURE_OPTIONS = Symbol('CaptureOptions');
