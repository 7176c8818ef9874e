import type { Candle, TimeSpan } from '../market';

/** Times from here on are microseconds; recordings since 2025 have them. */
const SMALLEST_MICROSECONDS = 100_000_000_000_000;
const COLUMNS = 11;

/**
 * The klines recorded of one symbol and interval, ordered by open time. They are kept as lines of text, which is the
 * smallest form, and taken apart when they are asked for.
 */
export class RecordedSeries {
  private constructor(
    readonly openTimes: readonly number[],
    private readonly lines: readonly string[],
    /** The spans that were recorded, in order and apart: within them, a row that is not there did not exist. */
    readonly spans: readonly TimeSpan[],
  ) {}

  /**
   * Puts pieces together. Where several hold the same open time with other numbers (the exchange revises finished
   * candles), what most of them say counts, and among equals the first.
   */
  static of(pieces: readonly { readonly lines: readonly string[]; readonly span: TimeSpan }[]): RecordedSeries {
    const variants = new Map<number, Map<string, number>>();
    for (const { lines } of pieces) {
      for (const line of lines) {
        const openTime = openTimeOf(line);
        const counts = variants.get(openTime) ?? new Map<string, number>();
        counts.set(line, (counts.get(line) ?? 0) + 1);
        variants.set(openTime, counts);
      }
    }
    const openTimes = [...variants.keys()].sort((a, b) => a - b);
    const lines = openTimes.map((openTime) => mostFrequent(variants.get(openTime) ?? new Map()));
    return new RecordedSeries(openTimes, lines, joined(pieces.map(({ span }) => span)));
  }

  get length(): number {
    return this.openTimes.length;
  }

  /** Position of the first row that opens at `time` or later. */
  positionFrom(time: number): number {
    return lowerBound(this.openTimes, time);
  }

  at(position: number): Candle {
    const line = this.lines[position];
    if (line === undefined) {
      throw new RangeError(`no row ${position} in a series of ${this.length}`);
    }
    return parseLine(line);
  }

  /** Whether the whole of a span was recorded. */
  covers(start: number, end: number): boolean {
    return this.spans.some((span) => span.start <= start && end <= span.end);
  }
}

/** Position of the first of the ascending `values` that is not below `value`. */
export function lowerBound(values: readonly number[], value: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] ?? Infinity) < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** Whether a line holds a kline: eleven columns or twelve, all of them numbers. */
export function isKlineLine(line: string): boolean {
  return /^\d{12,17}(,-?\d+(\.\d+)?){10,11}$/.test(line);
}

/** Open time of a line in epoch milliseconds. */
export function openTimeOf(line: string): number {
  return milliseconds(line.slice(0, line.indexOf(',')));
}

function parseLine(line: string): Candle {
  const columns = line.split(',', COLUMNS);
  const column = (index: number): string => columns[index] ?? '';
  return {
    openTime: milliseconds(column(0)),
    open: column(1),
    high: column(2),
    low: column(3),
    close: column(4),
    volume: column(5),
    closeTime: milliseconds(column(6)),
    quoteVolume: column(7),
    tradeCount: Number(column(8)),
    takerBuyVolume: column(9),
    takerBuyQuoteVolume: column(10),
  };
}

function milliseconds(text: string): number {
  const value = Number(text);
  return value >= SMALLEST_MICROSECONDS ? Math.floor(value / 1_000) : value;
}

function mostFrequent(counts: ReadonlyMap<string, number>): string {
  let best = '';
  let bestCount = 0;
  for (const [line, count] of counts) {
    if (count > bestCount) {
      best = line;
      bestCount = count;
    }
  }
  return best;
}

function joined(spans: readonly TimeSpan[]): TimeSpan[] {
  const result: TimeSpan[] = [];
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    const last = result.at(-1);
    if (last !== undefined && span.start <= last.end) {
      result[result.length - 1] = { start: last.start, end: Math.max(last.end, span.end) };
    } else {
      result.push(span);
    }
  }
  return result;
}
