import type { Stop, TimeSpan } from './market';

/** The times in which one symbol is stopped, by itself or with the whole exchange: oldest first, none touching the next. */
export class StopSpans {
  readonly spans: readonly TimeSpan[];

  constructor(stops: readonly Stop[], symbol: string) {
    const own = stops.filter((stop) => stop.symbol === undefined || stop.symbol === symbol);
    this.spans = merged(own);
  }

  covers(time: number): boolean {
    return this.overlapping(time, time + 1).length > 0;
  }

  /** Those that share a moment with [start, end). */
  overlapping(start: number, end: number): readonly TimeSpan[] {
    let first = 0;
    let until = this.spans.length;
    while (first < until) {
      const middle = Math.floor((first + until) / 2);
      if ((this.spans[middle]?.end ?? Infinity) > start) {
        until = middle;
      } else {
        first = middle + 1;
      }
    }
    let last = first;
    while ((this.spans[last]?.start ?? Infinity) < end) {
      last += 1;
    }
    return this.spans.slice(first, last);
  }
}

function merged(spans: readonly TimeSpan[]): TimeSpan[] {
  const result: TimeSpan[] = [];
  for (const { start, end } of [...spans].sort((a, b) => a.start - b.start)) {
    const last = result.at(-1);
    if (last !== undefined && start <= last.end) {
      result[result.length - 1] = { start: last.start, end: Math.max(last.end, end) };
    } else {
      result.push({ start, end });
    }
  }
  return result;
}
