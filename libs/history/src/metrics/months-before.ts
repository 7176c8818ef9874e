import type { EpochMicros, TimeRange } from '@app/domain';
import { capturedMetrics, observeDays, type CapturedDay, type CapturedMetrics, type PastDay } from './metrics-reach';

/** Each takes about fifteen kilobytes. */
const MOST_SYMBOLS = 2_000;

/** The days before a day that changes, by the text that they were read as. */
interface MonthBefore {
  /** Lines of days. */
  readonly text: string;
  readonly days: readonly PastDay[];
  readonly last: EpochMicros;
}

/**
 * Makes metrics of days that are given as text, and remembers by symbol what the days before the last one say: from one
 * minute to the next they nearly always stay as they are, and observing them takes many times as long as the rest. What is
 * remembered counts only where the text begins with the very text that it was made of, whoever may have written meanwhile.
 */
export class MonthsBefore {
  private readonly months = new Map<string, MonthBefore>();

  constructor(private readonly mostSymbols: number = MOST_SYMBOLS) {}

  /**
   * @param text the days that {@link daysBehind} a range of dates, ascending: a line for each, with date, open, high, low,
   * close, volume, quote volume and newest capture, and a blank between two
   */
  metricsOf(symbol: string, range: TimeRange, text: string): CapturedMetrics[] {
    if (text === '') return [];
    const known = this.months.get(symbol);
    const month = known && known.last < range.start && beginsWith(text, known.text) ? known : undefined;
    const days = text
      .slice(month?.text.length ?? 0)
      .split('\n')
      .map(dayOfLine);
    const observed = observeDays(days, month?.days);
    if (days.length > 1) this.remember(symbol, range, text, observed);
    return capturedMetrics(days, range, observed);
  }

  /** Remembers all days but the last one, where that is the only one whose metrics are asked for. */
  private remember(symbol: string, range: TimeRange, text: string, observed: readonly PastDay[]): void {
    const days = observed.slice(0, -1);
    const last = days.at(-1)?.date ?? Infinity;
    if (last >= range.start) return;
    const [oldest] = this.months.keys();
    this.months.delete(symbol);
    if (this.months.size >= this.mostSymbols && oldest !== undefined) this.months.delete(oldest);
    this.months.set(symbol, { text: text.slice(0, text.lastIndexOf('\n') + 1), days, last });
  }
}

/** In a tenth of the time that `startsWith` takes over a month of days. */
function beginsWith(text: string, beginning: string): boolean {
  return text.slice(0, beginning.length) === beginning;
}

function dayOfLine(line: string): CapturedDay {
  const [date, open = '', high = '', low = '', close = '', volume = '', quoteVolume = '', capturedAt] = line.split(' ');
  return { date: Number(date), open, high, low, close, volume, quoteVolume, capturedAt: Number(capturedAt) };
}
