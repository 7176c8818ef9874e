import { compareCodePoints, type TimeKey } from '@app/domain';
import fc from 'fast-check';
import { firstTimeAfter, mergeByTime, mergeChunksByTime, mergePages } from './merge-by-time';

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', '1INCHUSDT', '币安人生USDT', '😀USDT'];

/** Rows of each symbol at distinct times, ascending. */
const sources = fc
  .tuple(...SYMBOLS.map(() => fc.uniqueArray(fc.integer({ min: 0, max: 12 }), { maxLength: 10 })))
  .map((all) =>
    all.map((times, index) => [...times].sort((a, b) => a - b).map((time) => ({ time, symbol: SYMBOLS[index]! }))),
  );

const limits = fc.integer({ min: 1, max: 60 });
const keyOf = (row: TimeKey): TimeKey => row;

function sorted(rows: readonly (readonly TimeKey[])[], sign: 1 | -1): TimeKey[] {
  return rows.flat().sort((a, b) => sign * (a.time - b.time) || compareCodePoints(a.symbol, b.symbol));
}

/** Notes how many rows are asked for. */
function counted<T>(rows: readonly T[]): { readonly rows: Iterable<T>; readonly read: () => number } {
  let read = 0;
  function* all(): Generator<T> {
    for (const row of rows) {
      read += 1;
      yield row;
    }
  }
  return { rows: all(), read: () => read };
}

describe('merging the rows of symbols by time', () => {
  it('should give the first rows of all, by time, then by symbol', () => {
    fc.assert(
      fc.property(sources, limits, (rows, limit) => {
        expect(mergeByTime(rows, keyOf, 'ascending', limit)).toEqual(sorted(rows, 1).slice(0, limit));
      }),
    );
  });

  it('should give the last rows of all where the newest come first', () => {
    fc.assert(
      fc.property(sources, limits, (rows, limit) => {
        const descending = rows.map((row) => row.toReversed());
        expect(mergeByTime(descending, keyOf, 'descending', limit)).toEqual(sorted(rows, -1).slice(0, limit));
      }),
    );
  });

  it('should give the same of rows that come in chunks, some of them empty', async () => {
    await fc.assert(
      fc.asyncProperty(
        sources,
        limits,
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1 }),
        async (rows, limit, sizes) => {
          // eslint-disable-next-line @typescript-eslint/require-await -- chunks come as they are read
          async function* chunks(row: readonly TimeKey[]): AsyncGenerator<readonly TimeKey[]> {
            for (let start = 0, turn = 0; start < row.length; turn += 1) {
              const size = turn % 4 === 3 ? 3 : (sizes[turn % sizes.length] ?? 1);
              yield row.slice(start, start + size);
              start += size;
            }
          }
          expect(await mergeChunksByTime(rows.map(chunks), keyOf, limit)).toEqual(sorted(rows, 1).slice(0, limit));
        },
      ),
    );
  });

  it('should give the same of rows that come in pages, a page of each symbol in the first round', () => {
    fc.assert(
      fc.property(sources, limits, fc.integer({ min: 1, max: 40 }), (rows, limit, repeats) => {
        // Long enough for a second page.
        const long = rows.map((row) => row.flatMap((key) => Array.from({ length: repeats }, () => key)));
        const merge = mergePages(long.length, keyOf, 'ascending', limit);
        const read = long.map(() => 0);
        const rounds: number[] = [];
        let step = merge.next([]);
        while (!step.done) {
          rounds.push(step.value.length);
          step = merge.next(
            step.value.map(({ source, last, size }) => {
              const [start, all] = [read[source]!, long[source]!];
              expect(last).toBe(all[start - 1]);
              read[source] = Math.min(all.length, start + size);
              return all.slice(start, start + size);
            }),
          );
        }
        expect(step.value).toEqual(sorted(long, 1).slice(0, limit));
        expect(rounds).toEqual([SYMBOLS.length, ...rounds.slice(1).map(() => 1)]);
      }),
    );
  });

  it('should read no more rows than are asked for, and one ahead for each symbol', () => {
    fc.assert(
      fc.property(sources, limits, (rows, limit) => {
        const all = rows.map(counted);
        mergeByTime(
          all.map((source) => source.rows),
          keyOf,
          'ascending',
          limit,
        );
        expect(all.reduce((sum, { read }) => sum + read(), 0)).toBeLessThan(limit + SYMBOLS.length);
      }),
    );
  });

  it('should go on behind a row: at its time for symbols after it, later for the others', () => {
    fc.assert(
      fc.property(sources, fc.nat(), (rows, pick) => {
        const all = sorted(rows, 1);
        fc.pre(all.length > 0);
        const last = all[pick % all.length]!;
        const rest = rows.map((row) => row.filter(({ time, symbol }) => time >= firstTimeAfter(last, symbol)));
        expect(sorted(rest, 1)).toEqual(all.slice(all.indexOf(last) + 1));
      }),
    );
  });
});
