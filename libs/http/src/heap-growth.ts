import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How much the heap may grow beyond what was in use at the last full collection, in percent. */
const HEAP_GROWTH_PERCENT = {
  /** It is small most of the time, and the memory is somebody else's then. */
  service: 25,
  /** Behind its topics it has whole fetches in hand: collecting as often as others would take an eighth of its time. */
  consumer: 50,
  /** Work that ends. Commands start with `--max-semi-space-size=16`; with it, an import is as fast at 35 as at 100. */
  command: 35,
} as const;

export type HeapGrowth = keyof typeof HEAP_GROWTH_PERCENT;

/**
 * Bytes that may have come to be in use since the last collection before another one is made: of buffers, and while
 * answers wait for room, of buffers and heap together. V8 itself lets buffers grow by 64 MB and more, however small its
 * heap is, and the heap by far more than its limit while much is made: what is sent and forgotten would fill a small host.
 */
const MOST_GROWTH = { buffers: 24 * 1_048_576, whileOthersWait: 12 * 1_048_576 } as const;

/** V8's own `gc`; `last-resort` also lets go of the compiled code of functions that have not run lately. */
type Collect = (options?: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

/** Whoever waits for a start is answered first: what is let go of after it takes an eighth of a second. */
const STARTED_AFTER_MS = 200;

let collect: Collect | undefined;
let least = { buffers: Infinity, all: Infinity };

/**
 * Keeps the heap near what is in use, for hosts with 512 MB. By itself V8 lets it grow to several times that before it
 * collects, however little is in use. Called once, when the process is up: the collection that it makes, of a service
 * a moment later, sets the mark from which growth counts.
 */
export function limitHeapGrowth(kind: HeapGrowth): void {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT[kind]}`);
  setFlagsFromString('--expose-gc');
  collect = runInNewContext('gc') as Collect;
  setFlagsFromString('--no-expose-gc');
  if (kind === 'command') collect();
  else setTimeout(letGoOfTheStart, STARTED_AFTER_MS).unref();
}

/** Most of what a start compiles runs once; a service would have it for years. */
function letGoOfTheStart(): void {
  collect?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

/** Called before a large answer is made: lets go of what earlier ones left, when that has become much. */
export function limitAnswerGrowth(othersWait: boolean): void {
  if (!collect) return;
  const { buffers, all } = inUse();
  least = { buffers: Math.min(least.buffers, buffers), all: Math.min(least.all, all) };
  const isMuch =
    buffers - least.buffers > MOST_GROWTH.buffers || (othersWait && all - least.all > MOST_GROWTH.whileOthersWait);
  if (!isMuch) return;
  collect();
  least = inUse();
}

function inUse(): typeof least {
  const { external_memory: buffers, used_heap_size: heap } = getHeapStatistics();
  return { buffers, all: buffers + heap };
}
