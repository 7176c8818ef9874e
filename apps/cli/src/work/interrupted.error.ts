/** The work was ended by a signal; what was done is kept. */
export class InterruptedError extends Error {
  readonly code = 'CLI.INTERRUPTED';

  /** `outcome` says what became of the work. */
  constructor(outcome: string) {
    super(`interrupted; ${outcome}`);
    this.name = 'InterruptedError';
  }
}
