/** What was waited for took longer than allowed; it goes on, unobserved. */
export class PatienceError extends Error {
  constructor(what: string, millis: number) {
    super(`${what} did not answer within ${millis} ms`);
    this.name = 'PatienceError';
  }
}

export interface Patience {
  /** As the error names what is waited for. */
  readonly what: string;
  /** Real time that it may take. */
  readonly millis: number;
  /** From this on there is only so much time left. */
  readonly hurry?: { readonly signal: AbortSignal; readonly millis: number };
}

/**
 * The outcome of the work, or an error when it takes too long. Leaves nothing behind, neither a timer nor a listener:
 * this is called for every batch over the life of a process.
 * @throws PatienceError
 */
export function withPatience<T>(work: Promise<T>, { what, millis, hurry }: Patience): Promise<T> {
  return new Promise((resolve, reject) => {
    const expire = (): void => {
      settle();
      reject(new PatienceError(what, millis));
    };
    let timer = setTimeout(expire, millis);
    timer.unref();
    const hasten = (): void => {
      clearTimeout(timer);
      timer = setTimeout(expire, Math.min(millis, hurry?.millis ?? millis));
      timer.unref();
    };
    const settle = (): void => {
      clearTimeout(timer);
      hurry?.signal.removeEventListener('abort', hasten);
    };
    if (hurry?.signal.aborted) hasten();
    else hurry?.signal.addEventListener('abort', hasten);
    work.then(resolve, reject).finally(settle);
  });
}
