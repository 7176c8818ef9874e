import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How much the heap may grow beyond what was in use at the last full collection, in percent. */
const GROWTH_PERCENT = 25;

/**
 * Keeps the heap near what is in use, for hosts with 512 MB. By itself V8 lets it grow to several times that before it
 * collects, however little is in use. Called once, when the process is up: the collection that it makes sets the mark
 * from which growth counts.
 */
export function limitHeapGrowth(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  collect();
}
