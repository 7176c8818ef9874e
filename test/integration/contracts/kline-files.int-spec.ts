import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskKlineFiles } from '@app/binance';
import {
  ArchiveError,
  archiveRowLine,
  DAY,
  HOUR,
  leavingOut,
  MILLISECOND,
  MINUTE,
  type DayOfMinutes,
  type KlineFile,
  type KlineFileEnd,
  type KlineFiles,
  type MinuteCandle,
} from '@app/domain';
import { buildMinute, FakeKlineFiles } from '@app/testing';

const BTC = 'BTCUSDT';
const DATE = Date.UTC(2024, 1, 1) * MILLISECOND;
const MINUTES = DAY / MINUTE;
const CAPTURED_AT = DATE + 400 * DAY;

interface Subject {
  readonly files: KlineFiles;
  /** A file with these minutes, ascending; returns its path. */
  put(name: string, minutes: readonly MinuteCandle[]): string;
  dispose(): void;
}

/** A line of the archive, with times in milliseconds. */
function lineOf({ openTime, closeTime, ...candle }: MinuteCandle): string {
  const { open, high, low, close, volume, quoteVolume, tradeCount, takerBuyVolume, takerBuyQuoteVolume } = candle;
  const [opened, closed] = [openTime, closeTime].map((time) => Math.floor(time / MILLISECOND));
  const numbers = [quoteVolume, tradeCount, takerBuyVolume, takerBuyQuoteVolume];
  return [opened, open, high, low, close, volume, closed, ...numbers, 0].join(',');
}

function diskSubject(): Subject {
  const folder = mkdtempSync(join(tmpdir(), 'csp-files-'));
  return {
    files: new DiskKlineFiles(),
    put: (name, minutes) => {
      writeFileSync(join(folder, name), `${minutes.map(lineOf).join('\n')}\n`);
      return join(folder, name);
    },
    dispose: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function fakeSubject(): Subject {
  const files = new FakeKlineFiles();
  return {
    files,
    put: (name, minutes) => {
      const dates = [...new Set(minutes.map(({ openTime }) => openTime - (openTime % DAY)))];
      const days = dates.map((start): DayOfMinutes => {
        const range = { start, end: start + DAY };
        const candles = minutes.filter(({ openTime }) => openTime >= range.start && openTime < range.end);
        return { range, candles, leftOut: [] };
      });
      files.files.set(name, { symbol: BTC, days });
      return name;
    },
    dispose: () => undefined,
  };
}

const minutes = (start: number, count: number): MinuteCandle[] =>
  Array.from({ length: count }, (_, index) => buildMinute(BTC, start + index * MINUTE));
const hashOf = (candles: readonly MinuteCandle[]): string =>
  createHash('sha256').update(candles.map(archiveRowLine).join('')).digest('hex');

async function readAll(
  file: KlineFile,
  ...how: Parameters<KlineFile['days']>
): Promise<{ readonly days: readonly DayOfMinutes[]; readonly end: KlineFileEnd }> {
  const days: DayOfMinutes[] = [];
  const generator = file.days(...how);
  for (;;) {
    const step = await generator.next();
    if (step.done === true) return { days, end: step.value };
    days.push(step.value);
  }
}

describe.each([
  ['on disk', diskSubject],
  ['the fake', fakeSubject],
])('the contract of KlineFiles: %s', (_, make) => {
  let subject: Subject;
  const options = { symbol: BTC, capturedAt: CAPTURED_AT };

  beforeEach(() => {
    subject = make();
  });

  afterEach(() => {
    subject.dispose();
  });

  it('should give the rows day by day, and say at the end what was read', async () => {
    const rows = minutes(DATE + 20 * HOUR, 5 * 60).concat(minutes(DATE + 2 * DAY, 3));
    const file = await subject.files.open(subject.put('rows.csv', rows), options);
    expect(file.facts).toMatchObject({ name: 'rows.csv', symbol: BTC });
    const { days, end } = await readAll(file);
    expect(days.map(({ range }) => range)).toEqual(
      [0, 1, 2].map((day) => ({ start: DATE + day * DAY, end: DATE + (day + 1) * DAY })),
    );
    const read = days.flatMap(({ candles }) => candles);
    expect(read.map(({ openTime }) => openTime)).toEqual(rows.map(({ openTime }) => openTime));
    expect(read.every(({ symbol, capturedAt }) => symbol === BTC && capturedAt === CAPTURED_AT)).toBe(true);
    expect(end).toEqual({
      rows: rows.length,
      duplicates: 0,
      leftOut: [],
      range: { start: DATE + 20 * HOUR, end: DATE + 2 * DAY + 3 * MINUTE },
      rowsSha256: hashOf(read),
    });
  });

  it('should give the same hash for the same rows, in whichever file', async () => {
    const hashes: string[] = [];
    for (const [name, count] of [
      ['a.csv', MINUTES],
      ['b.csv', MINUTES],
      ['c.csv', MINUTES - 1],
    ] as const) {
      const file = await subject.files.open(subject.put(name, minutes(DATE, count)), options);
      hashes.push((await readAll(file)).end.rowsSha256);
    }
    expect(hashes[1]).toBe(hashes[0]);
    expect(hashes[2]).not.toBe(hashes[0]);
  });

  it('should show each day to the sieve before it is counted', async () => {
    const file = await subject.files.open(subject.put('rows.csv', minutes(DATE, MINUTES + 10)), options);
    const leftOut = [{ start: DATE, end: DATE + 5 * MINUTE, reason: 'fewer_trades', detail: 'fewer' }] as const;
    const { days, end } = await readAll(file, undefined, leavingOut(leftOut));
    expect(days.map(({ candles }) => candles.length)).toEqual([MINUTES - 5, 10]);
    expect(end).toEqual({
      rows: MINUTES + 5,
      duplicates: 0,
      leftOut,
      range: { start: DATE + 5 * MINUTE, end: DATE + DAY + 10 * MINUTE },
      rowsSha256: hashOf(days.flatMap(({ candles }) => candles)),
    });
  });

  it('should know no range of a file of which nothing was accepted', async () => {
    const file = await subject.files.open(subject.put('rows.csv', minutes(DATE, 3)), options);
    const leftOut = [{ start: DATE, end: DATE + DAY, reason: 'fewer_trades', detail: 'fewer' }] as const;
    const { end } = await readAll(file, undefined, leavingOut(leftOut));
    expect(end).toMatchObject({ rows: 0, range: undefined, rowsSha256: hashOf([]) });
  });

  it("should end with the signal's reason when the caller has aborted", async () => {
    const file = await subject.files.open(subject.put('rows.csv', minutes(DATE, 3)), options);
    const reason = new Error('enough');
    await expect(readAll(file, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it('should not find a file that is not there', async () => {
    const error: unknown = await subject.files.open('nowhere.csv', options).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ArchiveError);
    expect(error).toMatchObject({ code: 'ARCHIVE.FAILED', failure: 'not_found' });
    expect((error as ArchiveError).message).toContain('nowhere.csv');
  });
});
