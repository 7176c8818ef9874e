import { hash32, hashText } from './hash';

const { floor, max, min } = Math;

/** A half-open span of minutes since the epoch. */
export interface MinuteSpan {
  readonly start: number;
  readonly end: number;
}

/** 2017-01-01T00:00Z: no symbol is listed before. */
const FIRST_MINUTE = Date.UTC(2017, 0, 1) / 60_000;
const BLOCK = 30 * 1_440;
const HALF_BLOCK = BLOCK / 2;
const LONG_STOP = 4 * 60 + 15;
const SHORT_STOP = 23;

/**
 * When the exchange trades. Each block of thirty days has a stop of over four hours in its first half and one of 23
 * minutes in its second, at places that follow from the seed; so the trading minutes before any moment are a closed form.
 * More stops can be laid on top.
 */
export class TradingCalendar {
  private readonly key: number;
  /** For each stop on top: the trading minutes of the calendar's own that those before it take away. */
  private readonly lostBefore: readonly number[];

  /** `extraStops`: oldest first, none touching the next. */
  constructor(
    seed: string,
    private readonly extraStops: readonly MinuteSpan[] = [],
  ) {
    this.key = hashText(`${seed}/stops`);
    let lost = 0;
    this.lostBefore = extraStops.map(({ start, end }) => {
      const before = lost;
      lost += this.ownTradingMinutesBefore(end) - this.ownTradingMinutesBefore(start);
      return before;
    });
  }

  /** Trading minutes from 2017 up to `minute`, which is not counted itself. */
  tradingMinutesBefore(minute: number): number {
    return this.ownTradingMinutesBefore(minute) - this.lostToExtraStopsBefore(minute);
  }

  isTrading(minute: number): boolean {
    return this.tradingMinutesBefore(minute + 1) > this.tradingMinutesBefore(minute);
  }

  /** The calendar's own stops of the thirty-day block that holds `minute`, oldest first. */
  stopsAround(minute: number): readonly [MinuteSpan, MinuteSpan] {
    const block = floor((minute - FIRST_MINUTE) / BLOCK);
    const start = FIRST_MINUTE + block * BLOCK;
    const long = start + this.placeInHalf(2 * block, LONG_STOP);
    const short = start + HALF_BLOCK + this.placeInHalf(2 * block + 1, SHORT_STOP);
    return [
      { start: long, end: long + LONG_STOP },
      { start: short, end: short + SHORT_STOP },
    ];
  }

  private lostToExtraStopsBefore(minute: number): number {
    let begun = 0;
    let until = this.extraStops.length;
    while (begun < until) {
      const middle = floor((begun + until) / 2);
      if ((this.extraStops[middle]?.start ?? Infinity) < minute) {
        begun = middle + 1;
      } else {
        until = middle;
      }
    }
    const stop = this.extraStops[begun - 1];
    if (stop === undefined) {
      return 0;
    }
    const ofStop = this.ownTradingMinutesBefore(min(minute, stop.end)) - this.ownTradingMinutesBefore(stop.start);
    return (this.lostBefore[begun - 1] ?? 0) + ofStop;
  }

  private ownTradingMinutesBefore(minute: number): number {
    const elapsed = minute - FIRST_MINUTE;
    const block = floor(elapsed / BLOCK);
    const inBlock = elapsed - block * BLOCK;
    const long = this.placeInHalf(2 * block, LONG_STOP);
    const short = HALF_BLOCK + this.placeInHalf(2 * block + 1, SHORT_STOP);
    const stopped = clamp(inBlock - long, LONG_STOP) + clamp(inBlock - short, SHORT_STOP);
    return elapsed - block * (LONG_STOP + SHORT_STOP) - stopped;
  }

  private placeInHalf(half: number, length: number): number {
    return hash32(this.key, half) % (HALF_BLOCK - length);
  }
}

function clamp(value: number, maximum: number): number {
  return max(0, min(value, maximum));
}
