import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How much the heap may grow beyond what was in use at the last full collection, in percent. */
const HEAP_GROWTH_PERCENT = {
  /** It is small most of the time, and the memory is somebody else's then. */
  service: 25,
  /** Behind its topics it has whole fetches in hand: collecting as often as others would take an eighth of its time. */
  consumer: 50,
  /** Work that ends: collecting as often as in a service takes a fifth of the time of an import. */
  command: 100,
} as const;

export type HeapGrowth = keyof typeof HEAP_GROWTH_PERCENT;

/**
 * Keeps the heap near what is in use, for hosts with 512 MB. By itself V8 lets it grow to several times that before it
 * collects, however little is in use. Called once, when the process is up: the collection that it makes sets the mark
 * from which growth counts.
 */
export function limitHeapGrowth(kind: HeapGrowth): void {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT[kind]}`);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  collect();
}
