import { SINK_UNIT_EVENTS, type AbsentOffsets, type ContractViolationError, type PartitionUnit } from '@app/domain';
import type { KafkaMessage } from 'kafkajs';
import { OriginReader, originOf } from '../kafka-headers';
import { hashOfMessage } from './message-hash';
import { textOfMessage } from './message-text';

/** A message that cannot be taken, and why. */
export interface RejectedMessage {
  readonly message: KafkaMessage;
  readonly violation: ContractViolationError;
}

/** A run of messages of one partition that is taken in one step, and what becomes of those that cannot be. */
export class MessageUnit {
  private constructor(
    readonly begin: number,
    readonly next: number,
    readonly origin: string,
    /** Messages that are still to be taken, in order, with their texts. */
    private readonly messages: readonly KafkaMessage[],
    private readonly values: readonly string[],
    private readonly lastHash: string | null,
    /** What the topic lacks within the unit's span. */
    readonly absent?: AbsentOffsets,
  ) {}

  /** Messages without a readable text are told to `reject`; they are part of the unit's span, not of its values. */
  static of(
    messages: readonly KafkaMessage[],
    begin: number,
    next: number,
    reject: (rejected: RejectedMessage) => void,
    absent?: AbsentOffsets,
  ): MessageUnit {
    const readable: KafkaMessage[] = [];
    const values: string[] = [];
    for (const message of messages) {
      const text = textOfMessage(message);
      if (typeof text === 'string') {
        readable.push(message);
        values.push(text);
      } else {
        reject({ message, violation: text });
      }
    }
    const last = messages.at(-1);
    // An offset without a message (a mark of a transaction) proves nothing of the topic's incarnation.
    const lastHash = last && Number(last.offset) === next - 1 ? hashOfMessage(last) : null;
    return new MessageUnit(begin, next, originOf(messages[0]?.headers), readable, values, lastHash, absent);
  }

  get size(): number {
    return this.messages.length;
  }

  /** How the sink sees it. */
  get partitionUnit(): PartitionUnit {
    const { begin, next, lastHash, origin, values, absent } = this;
    return { begin, next, lastHash, origin, values, absent };
  }

  /** Messages with a value but no key. */
  get withoutKey(): number {
    return this.messages.filter(({ key }) => key === null).length;
  }

  messageAt(index: number): KafkaMessage {
    const message = this.messages[index];
    if (!message) throw new RangeError(`the unit has no message ${index}`);
    return message;
  }

  /** The same span without some of its messages. */
  without(indexes: readonly number[]): MessageUnit {
    const dropped = new Set(indexes);
    const keep = (_: unknown, index: number): boolean => !dropped.has(index);
    const { begin, next, origin, messages, values, lastHash, absent } = this;
    return new MessageUnit(begin, next, origin, messages.filter(keep), values.filter(keep), lastHash, absent);
  }

  /** Two units that follow each other and hold all of it; of two messages or more. */
  halves(): [MessageUnit, MessageUnit] {
    const middle = Math.ceil(this.messages.length / 2);
    const lastOfFirst = this.messageAt(middle - 1);
    const border = Number(lastOfFirst.offset) + 1;
    const { begin, next, origin, messages, values, lastHash, absent } = this;
    return [
      new MessageUnit(
        begin,
        border,
        origin,
        messages.slice(0, middle),
        values.slice(0, middle),
        hashOfMessage(lastOfFirst),
        // Counted once, with the half that is taken first.
        absent,
      ),
      new MessageUnit(border, next, origin, messages.slice(middle), values.slice(middle), lastHash),
    ];
  }
}

/**
 * Cuts messages of a partition, in order, into runs of at most 2,000 messages and one origin. The first begins at
 * `begin`, each begins where the one before it ended, the last ends at `end`.
 */
export function* runsOfMessages(
  messages: readonly KafkaMessage[],
  begin: number,
  end: number,
): Generator<{ messages: readonly KafkaMessage[]; begin: number; next: number }> {
  const origins = new OriginReader();
  let position = begin;
  let start = 0;
  while (start < messages.length) {
    const origin = origins.of(messages[start]?.headers);
    let stop = start + 1;
    while (
      stop < messages.length &&
      stop - start < SINK_UNIT_EVENTS &&
      origins.of(messages[stop]?.headers) === origin
    ) {
      stop += 1;
    }
    const next = stop === messages.length ? end : Number(messages[stop]?.offset);
    yield { messages: messages.slice(start, stop), begin: position, next };
    position = next;
    start = stop;
  }
  if (position < end) yield { messages: [], begin: position, next: end };
}
