import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** For a service: it is small most of the time, and the memory is somebody else's then. */
const GROWTH_PERCENT_OF_SERVICE = 25;

/** For work that ends: collecting as often as in a service takes a fifth of the time of an import. */
export const GROWTH_PERCENT_OF_COMMAND = 100;

/**
 * Keeps the heap near what is in use, for hosts with 512 MB. By itself V8 lets it grow to several times that before it
 * collects, however little is in use. Called once, when the process is up: the collection that it makes sets the mark
 * from which growth counts. `growthPercent` is how much the heap may grow beyond what was in use at the last full
 * collection.
 */
export function limitHeapGrowth(growthPercent = GROWTH_PERCENT_OF_SERVICE): void {
  setFlagsFromString(`--heap-growing-percent=${growthPercent}`);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  collect();
}
