import { KafkaJSError } from 'kafkajs';

/**
 * What a failed request asks for: another connection for the same producer, so that the broker recognises by producer
 * and sequence number what it has already; or another producer, because this one's numbers are of no use any more.
 */
export type Remedy = 'reconnect' | 'replace';

/** Answers of the broker that no retry with the same message changes. */
const TOO_LARGE: readonly unknown[] = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'];

/** kafkajs does not recover from these by itself (tulios/kafkajs issue 598), or goes on with what it knew of a topic. */
const NEEDS_REPLACEMENT: readonly unknown[] = [
  ...TOO_LARGE,
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'DUPLICATE_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
  'PRODUCER_FENCED',
  'UNKNOWN_TOPIC_OR_PARTITION',
];

/** The error at the bottom of kafkajs's wrappers, or the first that carries a type of the protocol. */
function rootOf(error: unknown): unknown {
  let root = error;
  while (root instanceof KafkaJSError && typeOf(root) === undefined && root.cause instanceof Error) root = root.cause;
  return root;
}

function typeOf(error: unknown): string | undefined {
  return (error as { readonly type?: string } | undefined)?.type;
}

export function isTooLarge(error: unknown): boolean {
  return TOO_LARGE.includes(typeOf(rootOf(error)));
}

export function remedyFor(error: unknown): Remedy {
  const root = rootOf(error);
  // What is no error of kafkajs is a fault in it, or a refusal of ours.
  return root instanceof KafkaJSError && !NEEDS_REPLACEMENT.includes(typeOf(root)) ? 'reconnect' : 'replace';
}
