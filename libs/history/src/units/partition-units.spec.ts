import {
  HOUR,
  MINUTE,
  PartitionLostError,
  PartitionPositionError,
  type AbsentOffsets,
  type EpochMicros,
  type PartitionClaim,
  type PartitionStart,
  type TopicLoss,
} from '@app/domain';
import { MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { findOnly, runUnit } from '../rows/unit';
import {
  advanceUnit,
  checkPosition,
  claimUnit,
  heldProgress,
  positionsOf,
  startUnit,
  topicLosses,
} from './partition-units';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;
const TOPIC = 'crypto_prices';
const PARTITION = { topic: TOPIC, partition: 3 };

describe('the units of a partition of the broker', () => {
  let rows: MemoryRows;

  beforeEach(() => {
    rows = new MemoryRows();
  });

  const claim = (partition = 3): PartitionClaim => runUnit(rows, claimUnit({ topic: TOPIC, partition }, 'price'));
  const start = (held: PartitionClaim, kind: PartitionStart['kind'], offset: number, now = NOON): void => {
    runUnit(rows, startUnit(held, { kind, offset, clusterId: 'a' }, now));
  };
  const advance = (held: PartitionClaim, next: number, absent?: AbsentOffsets, now = NOON): void => {
    runUnit(rows, advanceUnit(held, { next, lastHash: `hash of ${next - 1}`, absent }, now));
  };
  const check = (held: PartitionClaim, begin: number): void => {
    runUnit(rows, findOnly(checkPosition(held, { begin })));
  };
  const losses = (): TopicLoss[] => runUnit(rows, findOnly(topicLosses()));

  describe('claims', () => {
    it('should hold until the next one, whatever was taken meanwhile', () => {
      fc.assert(
        fc.property(fc.array(fc.constantFrom('claim', 'advance'), { minLength: 1, maxLength: 8 }), (steps) => {
          rows = new MemoryRows();
          const claims = [claim()];
          start(claims[0]!, 'restart', 0);
          let next = 0;
          for (const step of steps) {
            if (step === 'claim') claims.push(claim());
            else advance(claims.at(-1)!, (next += 1));
          }
          const held = claims.at(-1)!;
          expect(claims.map(({ epoch }) => epoch)).toEqual(claims.map((_, index) => index + 1));
          for (const lost of claims.slice(0, -1)) {
            expect(() => runUnit(rows, findOnly(heldProgress(lost)))).toThrow(PartitionLostError);
            expect(() => {
              check(lost, next);
            }).toThrow(PartitionLostError);
            expect(() => {
              advance(lost, next + 1);
            }).toThrow(PartitionLostError);
            expect(() => {
              start(lost, 'restart', 0);
            }).toThrow(PartitionLostError);
          }
          check(held, next);
        }),
      );
    });

    it('should say how far the partition was taken, and nothing before its first start', () => {
      expect(claim()).toEqual({ ...PARTITION, kind: 'price', epoch: 1, progress: undefined });
      const second = claim();
      expect(second.progress).toBeUndefined();
      start(second, 'restart', 7);
      expect(claim().progress).toEqual({ nextOffset: 7, lastHash: null, clusterId: 'a' });
      const fourth = claim();
      advance(fourth, 9);
      expect(claim().progress).toEqual({ nextOffset: 9, lastHash: 'hash of 8', clusterId: 'a' });
      expect(claim(4)).toMatchObject({ epoch: 1, progress: undefined });
    });
  });

  describe('positions', () => {
    it('should let a unit begin where the partition stands, and nowhere else', () => {
      const held = claim();
      expect(() => {
        check(held, 0);
      }).toThrow(PartitionPositionError);
      start(held, 'restart', 7);
      check(held, 7);
      for (const begin of [6, 8])
        expect(() => {
          check(held, begin);
        }).toThrow(new PartitionPositionError(held, 7, begin));
      advance(held, 12);
      check(held, 12);
    });

    it('should stay where they are when a partition goes on', () => {
      start(claim(), 'restart', 7);
      const held = claim();
      start(held, 'continue', 99);
      check(held, 7);
      expect(held.progress).toEqual(claim().progress);
    });

    it('should be known of what was started, in the order of the topics that are asked for', () => {
      claim(1);
      start(claim(2), 'restart', 5);
      start(claim(0), 'restart', 6);
      start(runUnit(rows, claimUnit({ topic: 'crypto_candles', partition: 0 }, 'candle')), 'restart', 8);
      expect(runUnit(rows, findOnly(positionsOf([TOPIC, 'crypto_candles'])))).toEqual([
        { topic: TOPIC, partition: 0, nextOffset: 6 },
        { topic: TOPIC, partition: 2, nextOffset: 5 },
        { topic: 'crypto_candles', partition: 0, nextOffset: 8 },
      ]);
      expect(runUnit(rows, findOnly(positionsOf([])))).toEqual([]);
    });
  });

  describe('losses', () => {
    const absent = (from: number, to: number, messages: number): AbsentOffsets => ({ from, to, messages });

    it('should be what the broker gave up before a partition went on, and nothing where it was made anew', () => {
      start(claim(), 'restart', 7);
      start(claim(), 'restart', 0);
      expect(losses()).toEqual([]);
      start(claim(), 'skip', 40);
      expect(losses()).toEqual([{ ...PARTITION, from: 0, to: 40, messages: 40, reason: 'retention', noticedAt: NOON }]);
    });

    it('should be one for an hour where messages are missing again and again, and lose count of none', () => {
      const gaps = fc.array(
        fc.record({ after: fc.integer({ min: 0, max: 90 }), length: fc.integer({ min: 1, max: 9 }) }),
        { minLength: 1, maxLength: 8 },
      );
      fc.assert(
        fc.property(gaps, (given) => {
          rows = new MemoryRows();
          const held = claim();
          start(held, 'restart', 0);
          const expected: TopicLoss[] = [];
          let [now, next] = [NOON, 0];
          for (const { after, length } of given) {
            now += after * MINUTE;
            const gap = absent(next + 1, next + 1 + length, length);
            advance(held, (next = gap.to + 1), gap, now);
            const last = expected.at(-1);
            if (last && now < last.noticedAt + HOUR) {
              expected[expected.length - 1] = { ...last, to: gap.to, messages: last.messages + length };
            } else {
              expected.push({ ...PARTITION, ...gap, reason: 'absent', noticedAt: now });
            }
          }
          expect(losses()).toEqual(expected);
        }),
      );
    });

    it('should keep a loss of its own for each time that the broker gave messages up, at whatever time', () => {
      const skipAt = (offset: number, now: EpochMicros): void => {
        start(claim(), 'skip', offset, now);
      };
      start(claim(), 'restart', 0);
      skipAt(2, NOON);
      skipAt(4, NOON);
      skipAt(6, NOON - MINUTE);
      const held = claim();
      advance(held, 9, absent(7, 8, 1), NOON);
      advance(held, 12, absent(10, 11, 1), NOON);
      expect(losses().map(({ reason, from, to, noticedAt }) => [reason, from, to, noticedAt - NOON])).toEqual([
        ['retention', 0, 2, 0],
        ['retention', 2, 4, 1],
        ['retention', 4, 6, 2],
        ['absent', 7, 11, 3],
      ]);
    });

    it('should be those of each partition by itself', () => {
      const [one, other] = [claim(0), claim(1)];
      for (const held of [one, other]) start(held, 'restart', 0);
      advance(one, 3, absent(0, 2, 2));
      advance(other, 6, absent(4, 5, 1));
      expect(losses().map(({ partition, from, to }) => [partition, from, to])).toEqual([
        [0, 0, 2],
        [1, 4, 5],
      ]);
    });
  });
});
