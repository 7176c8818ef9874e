import {
  ARCHIVE_SOURCE,
  closeOfMinute,
  isStampedAhead,
  type ClockSpan,
  type RecordedFetch,
  type TimeRange,
} from '@app/domain';
import type { RowCapture } from './row-captures';

/** What was fetched: captures that no line tells of. */
export class FetchedCaptures {
  /** By symbol and time of capture. */
  private readonly byCapture = new Map<string, TimeRange[]>();
  /** What of it a clock that was ahead has stamped, by symbol. */
  private readonly stampedAhead = new Map<string, TimeRange[]>();

  /** `spans` are the stamps that were found to be wrong after the fetch. */
  add(
    { symbol, range, fetchedAt }: Pick<RecordedFetch, 'symbol' | 'range' | 'fetchedAt'>,
    spans: readonly ClockSpan[],
  ): void {
    addTo(this.byCapture, `${symbol} ${fetchedAt}`, range);
    if (isStampedAhead(spans, fetchedAt, range.start)) addTo(this.stampedAhead, symbol, range);
  }

  has({ symbol, time, capturedAt, source }: RowCapture): boolean {
    // Also of an import that is on its way: the manifest hears of a file with its last day.
    if (source === ARCHIVE_SOURCE) return true;
    const holds = ({ start, end }: TimeRange): boolean => time >= start && time < end;
    if (this.byCapture.get(`${symbol} ${capturedAt}`)?.some(holds)) return true;
    // Where the stamp was put right.
    return capturedAt === closeOfMinute(time) && (this.stampedAhead.get(symbol)?.some(holds) ?? false);
  }
}

function addTo(ranges: Map<string, TimeRange[]>, key: string, range: TimeRange): void {
  const known = ranges.get(key);
  if (known) known.push(range);
  else ranges.set(key, [range]);
}
