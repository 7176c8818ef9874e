import { createHash } from 'node:crypto';
import {
  archiveRowLine,
  floorTo,
  joinLeftOut,
  MINUTE,
  type DayOfMinutes,
  type KlineFileEnd,
  type LeftOutMinutes,
  type MinuteCandle,
} from '@app/domain';

const ROWS_AT_ONCE = 60;

/** Counts and hashes rows as {@link KlineFileEnd} defines it. */
export class RowsDigest {
  private readonly hash = createHash('sha256');
  private rows = 0;
  private first: MinuteCandle | undefined;
  private last: MinuteCandle | undefined;
  private readonly leftOut: LeftOutMinutes[] = [];

  add({ candles, leftOut }: Pick<DayOfMinutes, 'candles' | 'leftOut'>): void {
    // A few at a time, and joined rather than concatenated: what stays alive for long makes the heap grow.
    for (let start = 0; start < candles.length; start += ROWS_AT_ONCE) {
      let lines = '';
      for (const candle of candles.slice(start, start + ROWS_AT_ONCE)) lines += archiveRowLine(candle);
      this.hash.update(lines, 'latin1');
    }
    this.rows += candles.length;
    this.first ??= candles[0];
    this.last = candles.at(-1) ?? this.last;
    this.leftOut.push(...leftOut);
  }

  /** To be called once. */
  end(duplicates: number): KlineFileEnd {
    return {
      rows: this.rows,
      duplicates,
      leftOut: joinLeftOut(this.leftOut),
      range:
        this.first && this.last
          ? { start: floorTo(this.first.openTime, MINUTE), end: floorTo(this.last.openTime, MINUTE) + MINUTE }
          : undefined,
      rowsSha256: this.hash.digest('hex'),
    };
  }
}
