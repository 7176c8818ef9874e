import type { CaptureKind } from '@app/config';
import type { SymbolChoice } from '@app/domain';

/** The two halves of capture: what happens now, and what is done for the history in the store. */
export type CaptureHalf = 'live' | 'history' | 'both';

/** What is captured, and by whom. */
export interface CaptureOptions {
  /** Name of the process, or of this one of several, as its status row carries it. */
  readonly process: string;
  /** Which half this process does. */
  readonly half: CaptureHalf;
  readonly choice: SymbolChoice;
  readonly capture: readonly CaptureKind[];
  readonly pollIntervalSeconds: number;
  readonly backfillDays: number;
  /** The command line program, of which `backup` is a command; without it no backups are made by schedule. */
  readonly commandScript?: string;
}

/** Injection token of {@link CaptureOptions}. */
export const CAPTURE_OPTIONS = Symbol('CaptureOptions');
