import { Injectable } from '@nestjs/common';
import { inUnit, type TimeUnit } from '../binance-api/time-unit';
import type { Interval } from '../market/interval';
import type { Candle } from '../market/market';
import type { FaultOf, RowPlace } from './fault';
import { KLINE_FIELDS } from './kline-fields';
import { FaultRegistry } from './fault-registry';

export type Row = unknown[];
type RowFault = FaultOf<'broken-row'>;

/** What a row is that a fault may be for. */
export interface RowContext {
  readonly symbol: string;
  readonly interval: Interval;
  readonly place: RowPlace;
  readonly unit: TimeUnit;
}

/** Breaks rows as the faults of the registry say, and leaves the others as they are. */
@Injectable()
export class BrokenRows {
  constructor(private readonly faults: FaultRegistry) {}

  /** The row of a candle, or what stands in its place: a broken one, or the row with a broken one behind it. */
  klines(candle: Candle, row: Row, { symbol, interval, place, unit }: RowContext): Row[] {
    const fault = this.faults
      .of('broken-row')
      .find(
        (one) =>
          one.symbol === symbol &&
          one.interval === interval &&
          (one.place === undefined || one.place === place) &&
          one.start <= candle.openTime &&
          candle.openTime < one.end,
      );
    if (fault === undefined) return [row];
    const broken = brokenRow(row, fault, unit);
    return fault.repeat ? [row, broken] : [broken];
  }

  ticker(row: Record<string, unknown>): Record<string, unknown>[] {
    const fault = this.faults.of('broken-ticker').find(({ symbol }) => symbol === row['symbol']);
    if (fault === undefined) return [row];
    if (fault.absent) return [];
    const broken = { ...row, [fault.field]: fault.value };
    return fault.repeat ? [row, broken] : [broken];
  }
}

function brokenRow(row: Row, { field, value, shift_ms: shift, columns }: RowFault, unit: TimeUnit): Row {
  const place = field === undefined ? -1 : KLINE_FIELDS.indexOf(field);
  const changed =
    place < 0 ? row : row.with(place, shift === undefined ? value : Number(row[place]) + inUnit(shift, unit));
  return columns === undefined ? changed : changed.slice(0, columns);
}
