import { setImmediate as nextTurn } from 'node:timers/promises';

/** Stands for the pauses of capture in tests: each is one turn of the event loop, and work is waited for to its end. */
export const NO_PAUSES = {
  wait: (): Promise<void> => nextTurn(),
  atMost: (_: number, work: Promise<void>): Promise<void> => work,
};
