import type { PartitionClaim, PartitionUnit } from '@app/domain';

/** What a message controller is handed: the messages of a partition that are to be taken in one step. */
export interface ConsumedUnit {
  readonly claim: PartitionClaim;
  readonly unit: PartitionUnit;
}
