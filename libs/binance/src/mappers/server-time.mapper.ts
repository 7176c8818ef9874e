import type { EpochMicros } from '@app/domain';
import { MalformedAnswerError } from '../malformed-answer.error';
import { readVenueTime } from './venue-time';

/** `{"serverTime": …}`. @throws MalformedAnswerError */
export function mapServerTime(body: unknown): EpochMicros {
  const time = readVenueTime((body as { serverTime?: unknown } | null)?.serverTime);
  if (time === undefined) throw new MalformedAnswerError('time without a readable serverTime');
  return time;
}
