import fc from 'fast-check';
import type { Batch } from 'kafkajs';
import { PresentOffsets } from './present-offsets';

const batchOf = (offsets: readonly number[]): Batch =>
  ({ rawMessages: offsets.map((offset) => ({ offset: String(offset) })) }) as unknown as Batch;

describe('PresentOffsets', () => {
  it.each([
    [[5, 6, 7], 5, 8, undefined],
    [[3, 4, 5, 6, 7, 8], 5, 8, undefined],
    [[5, 7], 5, 8, { from: 6, to: 7, messages: 1 }],
    [[7], 5, 8, { from: 5, to: 7, messages: 2 }],
    [[5], 5, 8, { from: 6, to: 8, messages: 2 }],
    [[], 5, 8, { from: 5, to: 8, messages: 3 }],
    [[5, 7, 9], 5, 11, { from: 6, to: 11, messages: 3 }],
  ])('should know what is missing of %j between %d and %d', (offsets, begin, end, absent) => {
    expect(PresentOffsets.of(batchOf(offsets))?.absentIn(begin, end)).toEqual(absent);
  });

  it('should count every offset of a span once, as present or as absent', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(40)), fc.nat(40), fc.nat(20), (some, begin, length) => {
        const offsets = [...some].sort((a, b) => a - b);
        const within = offsets.filter((offset) => offset >= begin && offset < begin + length);
        const absent = PresentOffsets.of(batchOf(offsets))?.absentIn(begin, begin + length);
        expect(absent?.messages ?? 0).toBe(length - within.length);
        for (const end of absent ? [absent.from, absent.to - 1] : []) expect(within).not.toContain(end);
      }),
    );
  });

  it('should say nothing where the client does not say what it left out', () => {
    expect(PresentOffsets.of({ messages: [] } as unknown as Batch)).toBeUndefined();
  });
});
