import { JobTimer } from './job-timer';

/** Fires once, at the start. */
export class OnceTimer extends JobTimer {
  start(fire: () => Promise<void>): void {
    void fire();
  }

  stop(): void {
    // It has fired.
  }

  next(): null {
    return null;
  }
}
