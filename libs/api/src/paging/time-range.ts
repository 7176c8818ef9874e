import { formatMillisTime, type EpochMicros, type TimeRange } from '@app/domain';
import { invalidParameter } from '@app/http';

/** The range of two optional bounds. @throws ProblemError 400 when it is empty or reversed */
export function checkedRange(start: EpochMicros | undefined, end: EpochMicros | undefined): Partial<TimeRange> {
  if (start !== undefined && end !== undefined && start >= end) {
    throw invalidParameter('start', formatMillisTime(start), `a time before end (${formatMillisTime(end)})`);
  }
  return { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) };
}
