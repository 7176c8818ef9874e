import { toCandleItem, type CandleInterval, type CandleItem, type EpochMicros, type StoredCandle } from '@app/domain';
import { textCell } from '../tables/csv-table';
import { candleColumns } from './candle-columns';

/** Formats that are lines of text. */
export type TextFormat = 'csv' | 'jsonl';

const CSV_LINE_END = '\r\n';

/** Candles as the items of `/candles`: one JSON object a line, or a CSV table with the same cells. */
export class CandleText {
  private readonly names: readonly (keyof CandleItem)[];

  constructor(
    private readonly format: TextFormat,
    private readonly interval: CandleInterval,
    private readonly now: EpochMicros,
  ) {
    this.names = candleColumns(interval, now).map(({ name }) => name);
  }

  /** What comes before the first candle. */
  get head(): string {
    return this.format === 'csv' ? this.names.join(',') + CSV_LINE_END : '';
  }

  lines(candles: readonly StoredCandle[]): string {
    return candles.map((candle) => this.line(toCandleItem(candle, this.interval, this.now))).join('');
  }

  private line(item: CandleItem): string {
    if (this.format === 'jsonl') return `${JSON.stringify(item)}\n`;
    const cells = this.names.map((name) => (typeof item[name] === 'string' ? textCell(item[name]) : item[name]));
    return cells.join(',') + CSV_LINE_END;
  }
}
