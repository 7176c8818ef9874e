import { setTimeout as delay } from 'node:timers/promises';
import {
  ContractViolationError,
  OriginMismatchError,
  PartitionLostError,
  PartitionPositionError,
  UnitRejectedError,
  type PartitionClaim,
} from '@app/domain';
import type { Logger } from '@app/observability';
import type { ConsumedUnit } from './consumed-unit';
import type { ConsumerMetrics } from './consumer-metrics';
import type { ConsumerStatus } from './consumer-status';
import type { DeadLetters } from '../dead-letters/dead-letter.publisher';
import type { MessageUnit } from './message-unit';

/** Hands a unit to whoever handles it; rejects with what the handler threw. */
export type UnitHandler = (unit: ConsumedUnit) => Promise<void>;

/** Attempts at a unit that makes its handler fail in a way that is nobody's fault but the program's or the message's. */
const ATTEMPTS = 5;
/** After so many messages in a row that were set aside for that reason, it is the program's fault and not theirs. */
const ISOLATIONS_IN_A_ROW = 10;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** A pause is slept in parts, so that the broker hears from this consumer in between. */
const HEARTBEAT_EVERY_MS = 1_000;

/** The consumer is told to stop: what is in hand is left to the next start. */
export class ConsumerClosingError extends Error {
  constructor() {
    super('the consumer is closing');
    this.name = 'ConsumerClosingError';
  }
}

/** The unit is of another origin than the store: it is not taken until somebody acts. */
export class UnitHeldError extends Error {
  constructor(
    /** What is left of the unit: the messages that were set aside are not in it any more. */
    readonly unit: MessageUnit,
    readonly mismatch: OriginMismatchError,
  ) {
    super(mismatch.message, { cause: mismatch });
    this.name = 'UnitHeldError';
  }
}

export interface UnitTakerParts {
  readonly handle: UnitHandler;
  readonly deadLetters: DeadLetters;
  readonly metrics: ConsumerMetrics;
  readonly status: ConsumerStatus;
  readonly logger: Logger;
  readonly closing: AbortSignal;
}

/**
 * Takes a unit whatever happens: messages that break their contract go to the dead letters; a fault of the store is
 * waited out without end, with heartbeats; a handler that fails like a programming mistake is tried again a few times,
 * and then the one message that makes it fail is found and set aside.
 */
export class UnitTaker {
  private isolations = 0;

  constructor(private readonly parts: UnitTakerParts) {}

  /**
   * @throws PartitionLostError, PartitionPositionError, UnitHeldError: nothing of the unit was taken
   * @throws ConsumerClosingError, and whatever `heartbeat` throws: the unit was not taken yet
   */
  take(claim: PartitionClaim, unit: MessageUnit, heartbeat: () => Promise<void>): Promise<void> {
    return this.takeFrom(claim, unit, heartbeat, 0);
  }

  private async takeFrom(
    claim: PartitionClaim,
    unit: MessageUnit,
    heartbeat: () => Promise<void>,
    attemptsBefore: number,
  ): Promise<void> {
    const { handle, status, metrics, closing } = this.parts;
    let rest = unit;
    let attempts = attemptsBefore;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      if (closing.aborted) throw new ConsumerClosingError();
      try {
        await handle({ claim, unit: rest.partitionUnit });
        if (rest.size > 0) this.isolations = 0;
        status.recovered();
        metrics.taken(rest);
        return;
      } catch (error) {
        if (error instanceof PartitionLostError || error instanceof PartitionPositionError) throw error;
        // It does not pass by itself, and the other partitions must not wait for it.
        if (error instanceof OriginMismatchError) throw new UnitHeldError(rest, error);
        if (error instanceof UnitRejectedError) {
          rest = await this.setAside(claim, rest, error);
          continue;
        }
        if (isProgramFault(error) && rest.size > 0 && this.isolations < ISOLATIONS_IN_A_ROW) {
          attempts += 1;
          status.retried();
          if (attempts >= ATTEMPTS) return this.isolate(claim, rest, error, heartbeat);
        } else {
          status.failed(error);
        }
        await this.pause(pause, heartbeat);
      }
    }
  }

  private async setAside(
    claim: PartitionClaim,
    unit: MessageUnit,
    { rejected }: UnitRejectedError,
  ): Promise<MessageUnit> {
    for (const { index, violation } of rejected) {
      await this.parts.deadLetters.send(claim, { message: unit.messageAt(index), violation }, 1);
    }
    return unit.without(rejected.map(({ index }) => index));
  }

  /** Halves the unit until the message is found that its handler cannot stand; of one message or more. */
  private async isolate(
    claim: PartitionClaim,
    unit: MessageUnit,
    error: Error,
    heartbeat: () => Promise<void>,
  ): Promise<void> {
    if (unit.size > 1) {
      for (const half of unit.halves()) await this.takeFrom(claim, half, heartbeat, ATTEMPTS - 1);
      return;
    }
    const [value] = unit.partitionUnit.values;
    const violation = new ContractViolationError('message', value, `a message that can be handled (${error.message})`);
    this.parts.logger.error(
      { err: error, topic: claim.topic, partition: claim.partition },
      'a handler fails at a message',
    );
    await this.parts.deadLetters.send(claim, { message: unit.messageAt(0), violation }, ATTEMPTS);
    this.isolations += 1;
    await this.takeFrom(claim, unit.without([0]), heartbeat, 0);
  }

  /** Waits with heartbeats. @throws ConsumerClosingError, and whatever `heartbeat` throws */
  async pause(millis: number, heartbeat: () => Promise<void>): Promise<void> {
    const { closing, status } = this.parts;
    for (let left = millis; left > 0; left -= HEARTBEAT_EVERY_MS) {
      await delay(Math.min(left, HEARTBEAT_EVERY_MS), undefined, { signal: closing }).catch(() => undefined);
      if (closing.aborted) throw new ConsumerClosingError();
      status.alive();
      await heartbeat();
    }
  }
}

/** What a bug throws; anything else (disk, database, broker) passes by itself and is no message's fault. */
function isProgramFault(error: unknown): error is Error {
  return (
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof SyntaxError ||
    error instanceof ReferenceError
  );
}
