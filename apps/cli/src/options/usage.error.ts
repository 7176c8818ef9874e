/** An option with a value that is not allowed. */
export class UsageError extends Error {
  readonly code = 'CLI.USAGE';

  constructor(option: string, value: string, allowed: string) {
    super(`${option}=${JSON.stringify(value)} is not allowed; expected ${allowed}`);
    this.name = 'UsageError';
  }
}
