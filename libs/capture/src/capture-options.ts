import type { CaptureKind } from '@app/config';

/** The two halves of capture: what happens now, and what is done for the history in the store. */
export type CaptureHalf = 'live' | 'history' | 'both';

/** What is captured, and by whom. */
export interface CaptureOptions {
  /** Name of the process, as its status row carries it. */
  readonly process: string;
  /** Which half this process does. */
  readonly half: CaptureHalf;
  readonly symbols: readonly string[];
  readonly capture: readonly CaptureKind[];
  readonly pollIntervalSeconds: number;
  readonly backfillDays: number;
}

/** Injection token of {@link CaptureOptions}. */
export const CAPTURE_OPTIONS = Symbol('CaptureOptions');
