/** The work was ended by a signal; what was done is kept. */
export class InterruptedError extends Error {
  readonly code = 'CLI.INTERRUPTED';

  constructor() {
    super('interrupted; what was done is kept, and the same command goes on from there');
    this.name = 'InterruptedError';
  }
}
