import { compareCodePoints, type TimeKey } from '@app/domain';
import fc from 'fast-check';
import { firstTimeAfter, mergeChunksByTime, mergePages, type LastPage } from './merge-by-time';

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

interface PagedMerge {
  readonly merged: TimeKey[];
  /** Of each source, how many rows were read, and how many of them with the last page. */
  readonly read: readonly number[];
  readonly lastRead: readonly number[];
  /** How many pages were asked for in each round. */
  readonly rounds: readonly number[];
}

function mergeInPages(
  rows: readonly (readonly TimeKey[])[],
  order: 'ascending' | 'descending',
  limit: number,
  lastPage?: LastPage,
): PagedMerge {
  const merge = mergePages(rows.length, keyOf, order, limit, lastPage);
  const [read, lastRead] = [rows.map(() => 0), rows.map(() => 0)];
  const rounds: number[] = [];
  let step = merge.next([]);
  while (!step.done) {
    rounds.push(step.value.length);
    step = merge.next(
      step.value.map(({ source, last, size }) => {
        const [start, all] = [read[source]!, rows[source]!];
        expect(last).toBe(all[start - 1]);
        read[source] = Math.min(all.length, start + size);
        lastRead[source] = read[source] - start;
        return all.slice(start, start + size);
      }),
    );
  }
  return { merged: step.value, read, lastRead, rounds };
}

describe('merging the rows of symbols by time', () => {
  it('should give the first rows of all, by time, then by symbol', () => {
    fc.assert(
      fc.property(sources, limits, fc.constantFrom<LastPage>('short', 'empty'), (rows, limit, lastPage) => {
        const { merged } = mergeInPages(rows, 'ascending', limit, lastPage);
        expect(merged).toEqual(sorted(rows, 1).slice(0, limit));
      }),
    );
  });

  it('should give the last rows of all where the newest come first', () => {
    fc.assert(
      fc.property(sources, limits, (rows, limit) => {
        const descending = rows.map((row) => row.toReversed());
        expect(mergeInPages(descending, 'descending', limit).merged).toEqual(sorted(rows, -1).slice(0, limit));
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

  it('should ask for a page of each symbol in the first round, and then for one of a symbol at a time', () => {
    fc.assert(
      fc.property(sources, limits, fc.integer({ min: 1, max: 40 }), (rows, limit, repeats) => {
        // Long enough for a second page.
        const long = rows.map((row) => row.flatMap((key) => Array.from({ length: repeats }, () => key)));
        const { merged, rounds } = mergeInPages(long, 'ascending', limit);
        expect(merged).toEqual(sorted(long, 1).slice(0, limit));
        expect(rounds).toEqual([SYMBOLS.length, ...rounds.slice(1).map(() => 1)]);
      }),
    );
  });

  it('should read no page of a symbol before the rows of those before it are merged', () => {
    fc.assert(
      fc.property(sources, limits, fc.integer({ min: 1, max: 40 }), (rows, limit, repeats) => {
        const long = rows.map((row) => row.flatMap((key) => Array.from({ length: repeats }, () => key)));
        const { merged, read, lastRead } = mergeInPages(long, 'ascending', limit);
        for (const [source, symbol] of SYMBOLS.entries()) {
          const taken = merged.filter((row) => row.symbol === symbol).length;
          expect(taken).toBeGreaterThanOrEqual(read[source]! - lastRead[source]!);
        }
      }),
    );
  });

  it('should ask on after a short page where only an empty one is the last', () => {
    const row = (time: number): TimeKey => ({ time, symbol: 'BTCUSDT' });
    const pages = [[row(1)], [row(2), row(3)], []];
    const merge = mergePages(1, keyOf, 'ascending', 10, 'empty');
    let step = merge.next([]);
    while (!step.done) step = merge.next([pages.shift() ?? []]);
    expect(step.value.map(({ time }) => time)).toEqual([1, 2, 3]);
    expect(pages).toEqual([]);
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
