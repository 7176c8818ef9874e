import type { EpochMicros } from '@app/domain';
import { MalformedAnswerError } from '../malformed-answer.error';
import { faultOf } from './broken-row';
import { TIME_RULE } from './kline-row';
import { readVenueTime } from './venue-time';

/**
 * When the first row of `klines` opens; undefined where there is no row. What else the row says is not looked at: an
 * unreadable first candle must not hide where a history begins.
 *
 * @throws MalformedAnswerError
 */
export function mapFirstOpenTime(body: unknown): EpochMicros | undefined {
  if (!Array.isArray(body)) throw new MalformedAnswerError('klines without a list of rows');
  const [row] = body as unknown[];
  if (row === undefined) return undefined;
  const value: unknown = Array.isArray(row) ? row[0] : row;
  const openTime = readVenueTime(value);
  if (openTime === undefined) {
    throw new MalformedAnswerError(`klines: the first row: ${faultOf('open time', value, TIME_RULE)}`);
  }
  return openTime;
}
