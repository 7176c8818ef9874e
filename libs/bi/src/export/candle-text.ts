import { toCandleItem, type CandleInterval, type CandleItem, type EpochMicros, type StoredCandle } from '@app/domain';
import { textCell } from '../tables/csv-table';

/** Formats that are lines of text. */
export type TextFormat = 'csv' | 'jsonl';

const CSV_LINE_END = '\r\n';

/** The columns of `/candles`, in its order. */
const COLUMNS = [
  'symbol',
  'interval',
  'open_time',
  'close_time',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'quote_volume',
  'trade_count',
  'taker_buy_volume',
  'taker_buy_quote_volume',
  'is_closed',
  'source',
  'captured_at',
  'revision',
] as const satisfies readonly (keyof CandleItem)[];

/** Candles as the items of `/candles`: one JSON object a line, or a CSV table with the same cells. */
export class CandleText {
  constructor(
    private readonly format: TextFormat,
    private readonly interval: CandleInterval,
    private readonly now: EpochMicros,
  ) {}

  /** What comes before the first candle. */
  get head(): string {
    return this.format === 'csv' ? COLUMNS.join(',') + CSV_LINE_END : '';
  }

  lines(candles: readonly StoredCandle[]): string {
    return candles.map((candle) => this.line(toCandleItem(candle, this.interval, this.now))).join('');
  }

  private line(item: CandleItem): string {
    if (this.format === 'jsonl') return `${JSON.stringify(item)}\n`;
    const cells = COLUMNS.map((column) => (typeof item[column] === 'string' ? textCell(item[column]) : item[column]));
    return cells.join(',') + CSV_LINE_END;
  }
}
