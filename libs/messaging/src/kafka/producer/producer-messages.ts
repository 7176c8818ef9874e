import { DAY, MILLISECOND, type EpochMicros, type EventBatch, type OutgoingEvent } from '@app/domain';
import type { Message } from 'kafkajs';
import { ORIGIN_HEADER } from '../kafka-headers';

/** A broker takes about 1 MB per partition and request; what the record format adds to each event is below this. */
const REQUEST_BYTES = 900_000;
const BYTES_AROUND_EVENT = 128;

/** A broker deletes messages by their timestamp: what was captured longer ago than this counts from now on. */
const OLDEST_TIMESTAMP: EpochMicros = DAY;

/** The events in runs that each fit into one request; an event that is too large by itself is a run of its own. */
export function requestsOf({ events }: EventBatch): (readonly OutgoingEvent[])[] {
  const requests: (readonly OutgoingEvent[])[] = [];
  let start = 0;
  let bytes = 0;
  for (const [index, { value }] of events.entries()) {
    const size = Buffer.byteLength(value) + BYTES_AROUND_EVENT;
    if (index > start && bytes + size > REQUEST_BYTES) {
      requests.push(events.slice(start, index));
      start = index;
      bytes = 0;
    }
    bytes += size;
  }
  if (start < events.length) requests.push(start === 0 ? events : events.slice(start));
  return requests;
}

/**
 * The events as messages: the symbol as key, the contract JSON as value, the origin as the one header, and the time of
 * capture as timestamp, unless the broker would refuse it (from the future, as on a simulated clock) or soon delete it.
 * @param now - real time, microseconds since the epoch
 */
export function messagesOf(events: readonly OutgoingEvent[], origin: string, now: EpochMicros): Message[] {
  const headers = { [ORIGIN_HEADER]: origin };
  return events.map(({ symbol, value, capturedAt }) => {
    const keeps = capturedAt <= now && capturedAt > now - OLDEST_TIMESTAMP;
    const timestamp = String(Math.floor((keeps ? capturedAt : now) / MILLISECOND));
    return { key: symbol, value, timestamp, headers };
  });
}
