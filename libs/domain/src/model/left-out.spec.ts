import { candlesOutside, joinLeftOut, type LeftOutMinutes } from './left-out';
import type { MinuteCandle } from './candle';
import { MINUTE, SECOND } from './time';

const left = (start: number, end: number, reason: LeftOutMinutes['reason'], detail = ''): LeftOutMinutes => ({
  start: start * MINUTE,
  end: end * MINUTE,
  reason,
  detail,
});

describe('joinLeftOut', () => {
  it('should join neighbours of one reason, in the order of time, under the first detail', () => {
    const joined = joinLeftOut([left(3, 4, 'broken', 'c'), left(1, 2, 'broken', 'a'), left(2, 3, 'broken', 'b')]);
    expect(joined).toEqual([left(1, 4, 'broken', 'a')]);
  });

  it('should keep apart what has another reason or is no neighbour', () => {
    const apart = [left(1, 2, 'broken'), left(2, 3, 'conflicting'), left(4, 5, 'conflicting')];
    expect(joinLeftOut(apart)).toEqual(apart);
  });
});

describe('candlesOutside', () => {
  it('should pass over candles whose minutes lie in a range, those that open off the minute included', () => {
    const at = (openTime: number): MinuteCandle => ({ openTime }) as MinuteCandle;
    const candles = [at(MINUTE), at(2 * MINUTE + 14 * SECOND), at(3 * MINUTE)];
    expect(candlesOutside(candles, [{ start: 2 * MINUTE, end: 3 * MINUTE }])).toEqual([candles[0], candles[2]]);
  });
});
