import { toCandleItem, type CandleInterval, type CandleItem, type EpochMicros, type StoredCandle } from '@app/domain';
import { csvLines, type CsvLines } from '../tables/csv-lines';
import { candleColumns } from './candle-columns';

/** Formats that are lines of text. */
export type TextFormat = 'csv' | 'jsonl';

/** Candles as the items of `/candles`: one JSON object a line, or a CSV table with the same cells. */
export class CandleText {
  private readonly csv: CsvLines<CandleItem>;

  constructor(
    private readonly format: TextFormat,
    private readonly interval: CandleInterval,
    private readonly now: EpochMicros,
  ) {
    this.csv = csvLines(
      candleColumns(interval, now).map(({ name }) => ({ name, kind: 'text', cell: (item) => item[name] })),
    );
  }

  /** What comes before the first candle. */
  get head(): string {
    return this.format === 'csv' ? this.csv.head : '';
  }

  lines(candles: readonly StoredCandle[]): string {
    return candles.map((candle) => this.line(toCandleItem(candle, this.interval, this.now))).join('');
  }

  private line(item: CandleItem): string {
    return this.format === 'jsonl' ? `${JSON.stringify(item)}\n` : this.csv.line(item);
  }
}
