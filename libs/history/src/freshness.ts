import { ceilTo, floorTo, LEDGER_DELAY, MINUTE, type EpochMicros } from '@app/domain';

/** When what an open row is made of comes again. */
interface Period {
  /** Begins at whole multiples of it: polls, and minutes of the exchange. */
  readonly length: EpochMicros;
  /** Starts of the periods in which open rows last changed. */
  readonly starts: Set<EpochMicros>;
}

/**
 * Until when a table stays as it is, at least as far as is foreseen: its open rows change with the next candle or poll.
 * A candle or poll that others of the same period have brought, and one symbol not yet, is due at any moment; a symbol that
 * has had none for longer is not waited for.
 */
export class Freshness {
  private readonly minutes: Period = { length: MINUTE, starts: new Set() };
  private readonly polls: Period;
  private nextMinute: EpochMicros | undefined;

  /** @param pollInterval between two polls, which begin at whole multiples of it */
  constructor(
    private readonly now: EpochMicros,
    pollInterval: EpochMicros,
  ) {
    this.polls = { length: pollInterval, starts: new Set() };
  }

  /** Notes an open row that candles make; one of a bucket that is long over lacks some, and may get them with any minute. */
  addCandles(changedAt: EpochMicros, bucketEnd: EpochMicros): void {
    if (bucketEnd + LEDGER_DELAY > this.now) note(this.minutes, changedAt);
    this.addMinutely();
  }

  /** Notes an open row that polls make. */
  addPoll(polledAt: EpochMicros): void {
    note(this.polls, polledAt);
  }

  /** Notes what moves on with the minute. */
  addMinutely(): void {
    this.nextMinute = ceilTo(this.now + 1, MINUTE);
  }

  /** Undefined where no row is open. */
  get until(): EpochMicros | undefined {
    const times = [this.nextMinute, dueAfter(this.minutes), dueAfter(this.polls)];
    const known = times.filter((time) => time !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }
}

function note({ length, starts }: Period, time: EpochMicros): void {
  starts.add(floorTo(time, length));
}

function dueAfter({ length, starts }: Period): EpochMicros | undefined {
  if (starts.size === 0) return undefined;
  const newest = [...starts].reduce((latest, start) => Math.max(latest, start), 0);
  return starts.has(newest - length) ? newest : newest + length;
}
