import type { AbsentOffsets } from '@app/domain';
import type { Batch } from 'kafkajs';

/**
 * Which offsets a fetch brought anything of: messages, messages of aborted transactions, and marks, which kafkajs does not
 * hand over but keeps. Whatever lies between them was there once and is gone.
 */
export class PresentOffsets {
  private constructor(private readonly ascending: readonly number[]) {}

  /** Undefined where the client does not say what it left out. */
  static of(batch: Batch): PresentOffsets | undefined {
    const { rawMessages } = batch as unknown as { readonly rawMessages?: readonly { readonly offset: string }[] };
    return rawMessages && new PresentOffsets(rawMessages.map(({ offset }) => Number(offset)));
  }

  /** What is missing of a span, half-open; undefined when nothing is. */
  absentIn(begin: number, end: number): AbsentOffsets | undefined {
    const first = lowerBound(this.ascending, begin);
    const behind = lowerBound(this.ascending, end);
    const messages = end - begin - (behind - first);
    if (messages <= 0) return undefined;
    let from = begin;
    for (let index = first; index < behind && this.ascending[index] === from; index += 1) from += 1;
    let to = end;
    for (let index = behind - 1; index >= first && this.ascending[index] === to - 1; index -= 1) to -= 1;
    return { from, to, messages };
  }
}

/** Index of the first number that is not below the limit. */
function lowerBound(ascending: readonly number[], limit: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? Infinity) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
