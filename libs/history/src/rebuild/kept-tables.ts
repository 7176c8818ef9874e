import { BACKFILL_JOBS } from '../units/backfill-jobs';
import { DAY_VERIFICATIONS, KNOWN_DIFFERENCES } from '../units/day-verification-unit';
import { SINK_PROGRESS, TOPIC_LOSSES } from '../units/partition-units';
import { UNFILLED_RANGES } from '../units/unfilled-unit';

/** A table that a database which is made anew takes over from the one before it. */
export interface KeptTable {
  readonly name: string;
  /** Whether what was copied before an interruption, and is no longer there, goes. */
  readonly isCopiedAsAWhole: boolean;
  /** Whether it is copied once more at the end, for it may have changed since. */
  readonly isCopiedAgain: boolean;
}

/**
 * What neither bronze nor any source tells of: how far the broker was read and what it had given up, what comparisons of
 * days with the exchange's own have found, why minutes are missing, the days that are to be filled, and the keys of clients,
 * of which one may be revoked at any time.
 */
export const KEPT_TABLES: readonly KeptTable[] = [
  ...[SINK_PROGRESS, TOPIC_LOSSES, DAY_VERIFICATIONS, KNOWN_DIFFERENCES].map(({ name }) => {
    return { name, isCopiedAsAWhole: false, isCopiedAgain: false };
  }),
  { name: UNFILLED_RANGES.name, isCopiedAsAWhole: true, isCopiedAgain: false },
  { name: BACKFILL_JOBS.name, isCopiedAsAWhole: true, isCopiedAgain: false },
  { name: 'api_keys', isCopiedAsAWhole: true, isCopiedAgain: true },
];
