import { rmSync } from 'node:fs';
import {
  CANDLE_INTERVALS,
  DAY,
  HOUR,
  MILLISECOND,
  MINUTE,
  SECOND,
  floorTo,
  sameCandleNumbers,
  toCandleItem,
  type CandleItem,
  type CandleNumbers,
  type EpochMicros,
  type MinuteCandle,
} from '@app/domain';
import { buildMinute } from '@app/testing';
import fc from 'fast-check';
import { candleEvent, ORIGIN, TestStore } from '../support/test-store';

const SYMBOL = 'BTCUSDT';
/** Candles of every interval but the longest open here. */
const OPEN = Date.UTC(2026, 5, 1) * MILLISECOND;
/** Minutes at the begin of the first hour, at the turn to the second, and one off the full minute. */
const MINUTES = [
  ...[0, 1, 2, 3, 4, 5, 58, 59, 60, 61].map((index) => OPEN + index * MINUTE),
  OPEN + 7 * MINUTE + 13 * SECOND,
];
const LAST = OPEN + 62 * MINUTE;
const INTERVALS = CANDLE_INTERVALS.filter((interval) => !['8h', '12h', '1w'].includes(interval));

type Step =
  | { readonly kind: 'advance'; readonly by: EpochMicros }
  /** `age` is how long ago it was captured, for what comes late out of a spool. */
  | { readonly kind: 'capture'; readonly minute: number; readonly volume: string; readonly age: EpochMicros }
  | { readonly kind: 'stop'; readonly minute: number; readonly count: number }
  /** The same candles of a whole page once more, as a repair brings them. */
  | { readonly kind: 'fill'; readonly volume: string }
  | { readonly kind: 'listed' }
  /** The capture of a minute by a clock that is a day ahead, and its being put right. */
  | { readonly kind: 'ahead'; readonly minute: number; readonly volume: string }
  | { readonly kind: 'settle' }
  | { readonly kind: 'lost database' };

const minute = fc.nat({ max: MINUTES.length - 1 });
const volume = fc.constantFrom('1', '2', '2.0');
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('advance' as const), by: fc.constantFrom(MINUTE, HOUR, DAY) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('capture' as const),
      minute,
      volume,
      age: fc.constantFrom(0, 0, MINUTE, 90 * MINUTE),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('stop' as const), minute, count: fc.constantFrom(1, 2, 50) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fill' as const), volume }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'listed' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('ahead' as const), minute, volume }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'settle' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'lost database' as const }) },
);

const numbersOf = (item: CandleItem): CandleNumbers => ({
  open: item.open,
  high: item.high,
  low: item.low,
  close: item.close,
  volume: item.volume,
  quoteVolume: item.quote_volume,
  tradeCount: item.trade_count,
  takerBuyVolume: item.taker_buy_volume,
  takerBuyQuoteVolume: item.taker_buy_quote_volume,
});

/** A store that is asked after each step, and what it has ever said of candles that are final. */
class AskedStore {
  readonly store = new TestStore();
  private readonly final = new Map<string, CandleItem>();
  private readonly times: EpochMicros[] = [];
  private readonly stored = new Set<EpochMicros>();
  private readonly stopped = new Set<EpochMicros>();
  private isListed = false;
  /** Until the stamps of a clock that was ahead are put right, what they are on is not known as of now. */
  private isAhead = false;

  async run(steps: readonly Step[]): Promise<void> {
    this.store.clock.set(LAST);
    await this.store.open();
    for (const one of steps) {
      await this.take(one);
      await this.ask();
    }
  }

  private get now(): EpochMicros {
    return this.store.clock.now();
  }

  private async take(one: Step): Promise<void> {
    if (one.kind === 'advance') this.store.clock.advance(one.by);
    if (one.kind === 'capture') await this.capture(one.volume, one.age, MINUTES[one.minute] ?? OPEN);
    if (one.kind === 'ahead') {
      await this.capture(one.volume, -DAY, MINUTES[one.minute] ?? OPEN);
      this.isAhead = true;
    }
    if (one.kind === 'settle') {
      await (await this.store.reopen()).history.settleStamps(this.now);
      this.isAhead = false;
    }
    if (one.kind === 'fill') await this.capture(one.volume, 0, ...MINUTES);
    if (one.kind === 'stop') {
      const start = floorTo(MINUTES[one.minute] ?? OPEN, MINUTE);
      const end = Math.min(start + one.count * MINUTE, LAST);
      await (await this.store.reopen()).history.markStopped(SYMBOL, [{ start, end }]);
      for (let time = start; time < end; time += MINUTE) if (!this.stored.has(time)) this.stopped.add(time);
    }
    if (one.kind === 'listed') {
      await (await this.store.reopen()).history.saveFirstMinute(SYMBOL, OPEN, ORIGIN);
      this.isListed = true;
    }
    if (one.kind === 'lost database') {
      await this.store.close();
      for (const end of ['', '-wal', '-shm']) rmSync(`${this.store.databasePath}${end}`, { force: true });
      await this.store.open();
      // Lines bring the minutes again; what the exchange has said of others is asked for again.
      this.stopped.clear();
      this.isListed = false;
    }
  }

  private async capture(one: string, age: EpochMicros, ...minutes: readonly EpochMicros[]): Promise<void> {
    const candles = minutes.map((openTime): MinuteCandle => {
      const capturedAt = Math.max(openTime + MINUTE, this.now - age);
      return buildMinute(SYMBOL, openTime, { volume: one, capturedAt });
    });
    await this.store.take(...candles.map(candleEvent));
    for (const time of minutes) {
      this.stored.add(floorTo(time, MINUTE));
      this.stopped.delete(floorTo(time, MINUTE));
    }
  }

  /** Minutes of a candle that are due and not accounted for, counted one by one. */
  private missing(open: EpochMicros, close: EpochMicros): number {
    const accounted = [...this.stored, ...this.stopped].filter((time) => time >= open && time < close);
    const dueFrom = this.isListed ? Math.max(open, OPEN) : open;
    return (Math.min(close, floorTo(this.now, MINUTE)) - dueFrom) / MINUTE - accounted.length;
  }

  /** Of now, and again of every time at which it was asked before. */
  private async ask(): Promise<void> {
    this.times.push(this.now);
    const { candles } = await this.store.readers();
    for (const interval of INTERVALS) {
      let before = new Map<string, CandleItem>();
      for (const asOf of [...new Set(this.times), undefined]) {
        const now = Math.min(this.now, asOf ?? Infinity);
        const rows = await candles.range([SYMBOL], interval, {}, 5_000, undefined, asOf).catch(() => []);
        if (asOf === undefined || (asOf === this.now && !this.isAhead)) {
          const counted = rows.map((row) => this.missing(row.openTime, row.closeTime + MILLISECOND));
          const said = rows.map((row) => toCandleItem(row, interval, now).missing_minutes);
          if (interval !== '1m') expect([interval, said]).toEqual([interval, counted]);
        }
        const items = rows.map((row) => toCandleItem(row, interval, now)).filter((item) => item.is_final);
        // What was known later never has a lower revision; of now it is what is known now.
        for (const item of items) this.check(before.get(item.open_time), item, `${interval}, later`);
        before = new Map(items.map((item) => [item.open_time, item]));
        for (const item of items) {
          const question = `${interval} ${item.open_time} as of ${asOf ?? 'now'}`;
          this.check(this.final.get(question), item, question);
          this.final.set(question, item);
        }
      }
    }
  }

  private check(earlier: CandleItem | undefined, later: CandleItem, what: string): void {
    if (!earlier) return;
    const isSame = sameCandleNumbers(numbersOf(earlier), numbersOf(later));
    expect([what, later.revision >= earlier.revision]).toEqual([what, true]);
    expect([what, later.revision > earlier.revision || isSame]).toEqual([what, true]);
  }
}

describe('final candles', () => {
  it('should never have other numbers under one revision, nor a lower revision later, and say what is missing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 14 }), async (steps) => {
        const asked = new AskedStore();
        try {
          await asked.run(steps);
        } finally {
          await asked.store.dispose();
        }
      }),
      { numRuns: 25 },
    );
  });

  it.each<readonly [string, readonly Step[]]>([
    [
      'a minute that was captured before it was noted as stopped, and comes after',
      [
        { kind: 'capture', minute: 0, volume: '1', age: 0 },
        { kind: 'capture', minute: 1, volume: '1', age: 0 },
        { kind: 'stop', minute: 2, count: 1 },
        { kind: 'advance', by: HOUR },
        { kind: 'capture', minute: 2, volume: '2', age: 90 * MINUTE },
      ],
    ],
    [
      'a minute that comes after its stop and is revised, and a database that is lost in between',
      [
        { kind: 'stop', minute: 0, count: 50 },
        { kind: 'capture', minute: 1, volume: '1', age: 0 },
        { kind: 'stop', minute: 0, count: 50 },
        { kind: 'advance', by: MINUTE },
        { kind: 'capture', minute: 0, volume: '1', age: 0 },
        { kind: 'lost database' },
        { kind: 'advance', by: MINUTE },
        { kind: 'stop', minute: 2, count: 50 },
        { kind: 'capture', minute: 0, volume: '2', age: 0 },
      ],
    ],
    [
      'numbers of a clock that was ahead, which hid later ones until it was put right',
      [
        { kind: 'ahead', minute: 0, volume: '1' },
        { kind: 'capture', minute: 1, volume: '1', age: 0 },
        { kind: 'capture', minute: 2, volume: '1', age: 0 },
        { kind: 'capture', minute: 0, volume: '2', age: 0 },
        { kind: 'settle' },
        { kind: 'lost database' },
        { kind: 'capture', minute: 0, volume: '1', age: 0 },
      ],
    ],
    [
      'numbers that came back by a clock that was ahead',
      [
        { kind: 'fill', volume: '1' },
        { kind: 'advance', by: MINUTE },
        { kind: 'capture', minute: 1, volume: '2', age: 0 },
        { kind: 'ahead', minute: 1, volume: '1' },
        { kind: 'settle' },
        { kind: 'advance', by: MINUTE },
        { kind: 'capture', minute: 1, volume: '1', age: 0 },
        { kind: 'lost database' },
      ],
    ],
  ])('should keep to that with %s', async (_, steps) => {
    const asked = new AskedStore();
    try {
      await asked.run(steps);
    } finally {
      await asked.store.dispose();
    }
  });
});
