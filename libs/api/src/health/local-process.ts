/** What this process does beside serving, where it does: the standalone process captures too. */
export abstract class LocalProcess {
  /** Name under which the process also leaves its status in the store. */
  abstract readonly name: string;

  /** What it says of itself at this moment: `state` is ok or degraded, `problem` says why. */
  abstract status(): object;

  /** Why what it captures cannot be stored; empty when it can: for `/readyz`. */
  abstract sinkFault(): string;

  /** Why the exchange gives it nothing; empty when it answers, or has not been asked yet: for `/readyz`. */
  abstract exchangeFault(): string;

  /** How its clock is wrong; empty when it is not, or is not known to be. */
  abstract clockFault(): string;
}
