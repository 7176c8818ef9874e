import { floorTo, MINUTE, type EpochMicros } from '@app/domain';
import { RollUpAccumulator, type RollUp, type RollUpMinute } from './roll-up';

/** What came into a bucket of a level: an hour, or a day. */
export interface ChangedBucket {
  readonly start: EpochMicros;
  /** Minutes that were not there before, ascending. */
  readonly added: readonly RollUpMinute[];
  /** Whether the numbers of a minute have changed that was there. */
  readonly isRevised: boolean;
}

/** The buckets of a length that minutes make, which are ascending. */
export function rollUpBy(minutes: Iterable<RollUpMinute>, length: EpochMicros): Map<EpochMicros, RollUp> {
  const rollUps = new Map<EpochMicros, RollUp>();
  let start: EpochMicros | undefined;
  let accumulator = new RollUpAccumulator();
  const finish = (): void => {
    const rollUp = accumulator.result();
    if (rollUp && start !== undefined) rollUps.set(start, rollUp);
  };
  for (const minute of minutes) {
    const bucket = floorTo(minute.openTime, length);
    if (bucket !== start) {
      finish();
      accumulator = new RollUpAccumulator();
      start = bucket;
    }
    accumulator.add(minute);
  }
  finish();
  return rollUps;
}

/** The buckets of a length in which minutes were added, which are ascending, or revised, which are given by open time. */
export function changedBuckets(
  length: EpochMicros,
  added: readonly RollUpMinute[],
  revised: readonly EpochMicros[],
): ChangedBucket[] {
  const addedTo = new Map<EpochMicros, RollUpMinute[]>();
  for (const minute of added) {
    const start = floorTo(minute.openTime, length);
    const minutes = addedTo.get(start);
    if (minutes) minutes.push(minute);
    else addedTo.set(start, [minute]);
  }
  const revisedIn = new Set(revised.map((openTime) => floorTo(openTime, length)));
  return [...new Set([...addedTo.keys(), ...revisedIn])].map((start) => ({
    start,
    added: addedTo.get(start) ?? [],
    isRevised: revisedIn.has(start),
  }));
}

/**
 * What is stored of a bucket with the minutes that came behind all of it; undefined where it has to be made anew, since one
 * of them comes late or was revised.
 */
export function extendedRollUp(
  stored: RollUp | undefined,
  { added, isRevised }: Omit<ChangedBucket, 'start'>,
): RollUp | undefined {
  const [first] = added;
  if (isRevised || !first) return undefined;
  if (stored && floorTo(first.openTime, MINUTE) <= stored.lastMinute) return undefined;
  const accumulator = new RollUpAccumulator();
  if (stored) accumulator.addRollUp(stored);
  for (const minute of added) accumulator.add(minute);
  return accumulator.result();
}
