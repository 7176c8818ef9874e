import { isUtf8 } from 'node:buffer';
import { ContractViolationError, MAX_MESSAGE_LENGTH } from '@app/domain';
import type { KafkaMessage } from 'kafkajs';

/** Longest value that is looked at; UTF-8 takes at most three bytes for a UTF-16 unit. */
const MAX_MESSAGE_BYTES = 3 * MAX_MESSAGE_LENGTH;

const REPLACEMENT_CHARACTER = '\ufffd';

/** The text of a message, byte for byte; or why it has none. */
export function textOfMessage({ value }: KafkaMessage): string | ContractViolationError {
  if (value === null) return new ContractViolationError('message', null, 'JSON; a deletion mark has no meaning here');
  if (value.length > MAX_MESSAGE_BYTES) {
    return new ContractViolationError('message', `${value.length} bytes`, `at most ${MAX_MESSAGE_BYTES}`);
  }
  const text = value.toString('utf8');
  // Bytes that are no UTF-8 become this character; only a text that has it may be one of them.
  const isText = !text.includes(REPLACEMENT_CHARACTER) || isUtf8(value);
  return isText ? text : new ContractViolationError('message', 'bytes', 'UTF-8 text');
}
