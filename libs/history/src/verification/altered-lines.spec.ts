import { CANDLE_KIND, DAY, floorTo, MINUTE, serializeCandle, type MinuteCandle } from '@app/domain';
import { buildMinute, MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { CANDLE_REVISIONS, CANDLES_1M } from '../kinds/candle-tables';
import { CANDLE_HISTORY } from '../kinds/history-kinds';
import { KNOWN_SYMBOLS } from '../units/known-symbols';
import { describeAlteredLines, lostWith } from './altered-lines';
import type { CaptureDifference } from './replay-comparison';

const SYMBOL = 'BTCUSDT';
const FILE = 'crypto_candles_2026-01-15.jsonl';
const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;
const BROKEN = '{"symbol":';

/** Each captured a while after its close, in the order of the minutes. */
const minute = (index: number): MinuteCandle =>
  buildMinute(SYMBOL, NOON + index * MINUTE, { capturedAt: NOON + (index + 2) * MINUTE });
const MINUTES = [0, 1, 2, 3, 4, 5, 6, 7].map(minute);
const LINES = MINUTES.map(serializeCandle);

/** What a replay misses the lines of. */
const missing = (...indexes: readonly number[]): CaptureDifference[] =>
  indexes.map((index): CaptureDifference => {
    const { openTime, capturedAt } = minute(index);
    const timeText = CANDLE_HISTORY.timeText(openTime);
    return { table: 'candles_1m', symbol: SYMBOL, time: openTime, timeText, capturedAt, onlyIn: 'tables' };
  });

describe('what is said of an altered file', () => {
  let rows: MemoryRows;

  beforeEach(() => {
    rows = new MemoryRows();
    rows.apply([
      { kind: 'add', table: KNOWN_SYMBOLS, rows: [{ symbol: SYMBOL }] },
      { kind: 'add', table: CANDLES_1M, rows: MINUTES.map((one) => ({ ...one, revision: 1 })) },
    ]);
  });

  const describeLines = (
    lines: readonly string[],
    lost: readonly CaptureDifference[] = [],
    unreadableBefore = 0,
  ): Promise<string[]> =>
    describeAlteredLines(
      { file: FILE, kind: CANDLE_KIND, lines: lines.map((text) => ({ text })), unreadableBefore },
      { history: CANDLE_HISTORY, store: rows, lost },
    );
  const withLine = (index: number, text: string): string[] => LINES.with(index, text);
  const nameOf = (index: number): string => `${SYMBOL} ${CANDLE_HISTORY.timeText(minute(index).openTime)}`;

  it('should name the line of which a number is another, and the row that the tables alone still have', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(7), async (index) => {
        const altered = serializeCandle({ ...minute(index), volume: '2.01' });
        expect(await describeLines(withLine(index, altered), missing(index))).toEqual([
          `${FILE}, line ${index + 1}: altered outside this program; lost is what it said of ${nameOf(index)}, which the ` +
            'tables alone still have',
        ]);
      }),
    );
  });

  it('should say so where no line contradicts the tables', async () => {
    expect(await describeLines(LINES)).toEqual([
      `${FILE}: altered outside this program (its CRC-32 is another), but no line of it contradicts the tables, as far ` +
        'as they still have its rows',
    ]);
  });

  it('should take a line for whole whose capture was superseded', async () => {
    const first = { ...minute(0), revision: 1, supersededAt: NOON + DAY };
    const revised = { ...minute(0), volume: '3', capturedAt: NOON + DAY, revision: 2 };
    rows.apply([
      { kind: 'put', table: CANDLES_1M, rows: [revised] },
      { kind: 'add', table: CANDLE_REVISIONS, rows: [first] },
    ]);
    expect(await describeLines(LINES)).toEqual([expect.stringContaining('no line of it contradicts the tables')]);
  });

  it('should name each row that a broken line may have been, five of them', async () => {
    const [said] = await describeLines(withLine(2, BROKEN), missing(0, 1, 2, 3, 4, 5, 6));
    expect(said).toMatch(`${FILE}, line 3: altered outside this program, and no event any more (`);
    const named = [0, 1, 2, 3, 4].map(nameOf).join(' or ');
    expect(said).toMatch(`; lost is what it said of ${named} or one of 2 more, which the tables alone still have`);
  });

  it('should tell which row each of several broken lines was, by the order in which they were captured', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .uniqueArray(fc.nat(7), { minLength: 2 })
          .chain((broken) =>
            fc.tuple(
              fc.constant(broken.toSorted((a, b) => a - b)),
              fc.shuffledSubarray(broken, { minLength: broken.length }),
            ),
          ),
        async ([broken, lost]) => {
          const lines = LINES.map((line, index) => (broken.includes(index) ? BROKEN : line));
          const said = await describeLines(lines, missing(...lost));
          expect(said).toHaveLength(broken.length);
          for (const [nth, index] of broken.entries()) {
            expect(said[nth]).toMatch(`${FILE}, line ${index + 1}: `);
            expect(said[nth]).toMatch(`; lost is what it said of ${nameOf(index)}, which`);
          }
        },
      ),
    );
  });

  it('should not guess where rows are lost of fewer lines than are broken', async () => {
    const lines = withLine(2, BROKEN).with(4, BROKEN);
    for (const said of await describeLines(lines, missing(2))) {
      expect(said).toMatch('; which row it made cannot be told any more');
    }
  });

  it('should not call a line altered that was no event when it was taken up', async () => {
    const altered = serializeCandle({ ...minute(5), volume: '2.01' });
    const [before, since, ...others] = await describeLines(withLine(2, BROKEN).with(5, altered), missing(5), 1);
    expect(before).toMatch(`${FILE}, line 3: `);
    expect(before).not.toMatch('altered');
    expect(since).toMatch(`${FILE}, line 6: altered outside this program; lost is what it said of ${nameOf(5)}`);
    expect(others).toEqual([]);
  });

  it('should not take lines for altered of which the rows are kept no longer', async () => {
    const kept = MINUTES.slice(3).map((one) => ({ ...one, revision: 1 }));
    rows = new MemoryRows();
    rows.apply([
      { kind: 'add', table: KNOWN_SYMBOLS, rows: [{ symbol: SYMBOL }] },
      { kind: 'add', table: CANDLES_1M, rows: kept },
    ]);
    const ofAnother = LINES.slice(0, 3).map((line) => line.replace(SYMBOL, 'ETHUSDT'));
    expect(await describeLines([...ofAnother, ...LINES])).toEqual([
      expect.stringContaining('no line of it contradicts the tables'),
    ]);
    expect(await describeLines([...LINES, LINES[4]!.replace(SYMBOL, 'ETHUSDT')])).toEqual([
      `${FILE}, line 9: altered outside this program; which row it made cannot be told any more`,
    ]);
  });

  it('should look for what was lost among the rows of its table that were captured on its day', () => {
    const date = floorTo(NOON, DAY);
    const [own] = missing(0) as [CaptureDifference];
    const differences: CaptureDifference[] = [
      own,
      { ...own, onlyIn: 'bronze' },
      { ...own, table: 'price_events' },
      { ...own, capturedAt: date + DAY },
      { ...own, capturedAt: date - 1 },
    ];
    expect(lostWith({ date }, CANDLE_HISTORY, differences)).toEqual([own]);
  });
});
