import { EXTERNAL_BROKER, NO_OWN_BROKER } from './kafka-broker';

/** `describe` for tests that need a real Kafka; skipped by name, and said, where none can be had. */
export const describeKafka = EXTERNAL_BROKER === '' ? describeOrSkip(NO_OWN_BROKER) : describe;

/** `describe` for tests that kill, pause or empty the broker: they need one of their own. */
export const describeOwnKafka = describeOrSkip(NO_OWN_BROKER);

function describeOrSkip(reason: string | undefined): jest.Describe {
  if (reason === undefined) return describe;
  process.stderr.write(`SKIPPED: tests against Apache Kafka in this file: ${reason}\n`);
  return describe.skip;
}
