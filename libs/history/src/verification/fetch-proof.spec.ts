import { DAY, MINUTE, type EpochMicros, type FetchReport, type MinuteCandle, type RecordedFetch } from '@app/domain';
import { buildMinute, MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { CANDLE_REPEATS, CANDLE_REVISIONS, CANDLES_1M } from '../kinds/candle-tables';
import { proveFetches, type RowsHash } from './fetch-proof';

const SYMBOL = 'BTCUSDT';
/** Two minutes before midnight: what is fetched lies on two days. */
const START = Date.UTC(2026, 0, 15, 23, 58) * 1_000;
const FETCHED_AT = START + 9 * DAY;
const { signal } = new AbortController();

/** Tells rows apart by what is wrong with them in these tests. */
function hashOf(kind: RecordedFetch['kind']): RowsHash {
  const added: string[] = [];
  return {
    add: ({ openTime, volume }) => added.push(`${openTime} ${volume}`),
    digest: () => [kind, ...added].join(', '),
  };
}

const fetchedAt = (minute: number, time: EpochMicros = FETCHED_AT): MinuteCandle =>
  buildMinute(SYMBOL, START + minute * MINUTE, { capturedAt: time });

function recorded(candles: readonly MinuteCandle[], changes: Partial<RecordedFetch> = {}): RecordedFetch {
  const kind = changes.kind ?? 'backfill';
  const hash = hashOf(kind);
  for (const candle of candles) hash.add(candle);
  return {
    line: 6,
    kind,
    origin: 'binance',
    symbol: SYMBOL,
    range: { start: START, end: START + 5 * MINUTE },
    rows: candles.length,
    sha256: hash.digest(),
    leftOut: [],
    fetchedAt: FETCHED_AT,
    file: undefined,
    ...changes,
  };
}

/** Where a capture is: the row that stands, a version that was superseded, or a repeat. */
const places = fc.array(fc.constantFrom('row', 'revision', 'repeat'), { minLength: 5, maxLength: 5 });

function store(rows: MemoryRows, candle: MinuteCandle, place: string): void {
  if (place === 'row') rows.apply([{ kind: 'put', table: CANDLES_1M, rows: [{ ...candle, revision: 1 }] }]);
  if (place === 'repeat') rows.apply([{ kind: 'put', table: CANDLE_REPEATS, rows: [{ ...candle, recorded: true }] }]);
  if (place === 'revision') {
    rows.apply([{ kind: 'put', table: CANDLE_REVISIONS, rows: [{ ...candle, revision: 1, supersededAt: 1 }] }]);
  }
}

describe('the proof of what was fetched', () => {
  const candles = [0, 1, 2, 3, 4].map((minute) => fetchedAt(minute));
  let rows: MemoryRows;

  beforeEach(() => {
    rows = new MemoryRows();
  });

  const prove = (...fetches: readonly RecordedFetch[]): Promise<FetchReport> =>
    proveFetches(rows, fetches, hashOf, signal);

  it('should be found in whichever tables the captures are, over midnight, beside what was captured otherwise', async () => {
    await fc.assert(
      fc.asyncProperty(places, fc.constantFrom('backfill', 'archive'), async (where, kind) => {
        rows = new MemoryRows();
        for (const [minute, candle] of candles.entries()) {
          const place = where[minute] ?? 'row';
          store(rows, candle, place);
          store(rows, fetchedAt(minute, FETCHED_AT + 1), place === 'row' ? 'repeat' : 'row');
        }
        store(rows, fetchedAt(5), 'row');
        expect(await prove(recorded(candles, { kind }))).toEqual({ proved: 1, unproved: 0, mismatches: [] });
      }),
    );
  });

  it('should name a fetch of which any number is another, by its line from 1', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(4), places, async (altered, where) => {
        rows = new MemoryRows();
        for (const [minute, candle] of candles.entries()) {
          store(rows, minute === altered ? { ...candle, volume: '2.01' } : candle, where[minute] ?? 'row');
        }
        const { range } = recorded(candles);
        expect(await prove(recorded(candles))).toEqual({
          proved: 0,
          unproved: 0,
          mismatches: [{ symbol: SYMBOL, range, kind: 'backfill', rows: 5, line: 7 }],
        });
      }),
    );
  });

  it('should be no proof either way where rows of it are not kept', async () => {
    await fc.assert(
      fc.asyncProperty(fc.subarray(candles, { maxLength: 4 }), async (kept) => {
        rows = new MemoryRows();
        for (const candle of kept) store(rows, candle, 'row');
        expect(await prove(recorded(candles))).toEqual({ proved: 0, unproved: 1, mismatches: [] });
      }),
    );
  });

  it('should not be asked for where no row was accepted', async () => {
    expect(await prove(recorded([]))).toEqual({ proved: 0, unproved: 0, mismatches: [] });
  });
});
