import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { candleColumns, EXPORT_FORMATS, ExportCandlesUseCase, type ExportProgress, UnfitRows } from '@app/bi';
import { accountOfMinute, HOUR, MINUTE, toCandleItem, type CandleItem, type CandleReader } from '@app/domain';
import { ZstdParquetFiles } from '@app/parquet';
import { buildMinute } from '@app/testing';
import Database from 'better-sqlite3';
import { eventually } from '../support/app-process';
import { candleEvent, NOON, priceEvent, TestStore } from '../support/test-store';

const SYMBOLS = ['BTCUSDT', 'ETHUSDT'];
const MINUTES = 6_000;
const FIRST = NOON - MINUTES * MINUTE;

describe('export of candles', () => {
  const { signal } = new AbortController();
  const store = new TestStore();
  const folder = mkdtempSync(join(tmpdir(), 'csp-export-'));
  let candles: CandleReader;
  let exporting: ExportCandlesUseCase;

  beforeAll(async () => {
    await store.open();
    for (const symbol of SYMBOLS) {
      const minutes = Array.from({ length: MINUTES }, (_, index) => buildMinute(symbol, FIRST + index * MINUTE));
      await store.take(...minutes.map(candleEvent));
    }
    const { candles: reader, events, symbols } = await store.readers();
    candles = reader;
    exporting = new ExportCandlesUseCase(
      candles,
      symbols,
      new ZstdParquetFiles(),
      store.clock,
      new UnfitRows(reader, events),
    );
  });

  afterAll(async () => {
    await store.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  const ignore = (): void => undefined;
  const everything = { symbols: SYMBOLS, interval: '1m', range: {} } as const;

  it('should write every candle once, in order, with the cells of the API', async () => {
    const path = join(folder, 'all.jsonl');
    expect(await exporting.toFile(everything, 'jsonl', path, signal, ignore)).toBe(2 * MINUTES);
    const expected = Array.from({ length: MINUTES }, (_, index) =>
      SYMBOLS.map((symbol) => {
        const minute = buildMinute(symbol, FIRST + index * MINUTE);
        return { ...minute, revision: 1, account: accountOfMinute(minute.openTime) };
      }),
    ).flat();
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toEqual(
      expected.map((candle) => JSON.stringify(toCandleItem(candle, '1m', store.clock.now()))),
    );
    expect(readdirSync(folder)).toEqual(['all.jsonl']);

    const table = join(folder, 'hours.csv');
    const range = { start: NOON - 3 * HOUR, end: NOON };
    expect(await exporting.toFile({ symbols: ['ETHUSDT'], interval: '1h', range }, 'csv', table, signal, ignore)).toBe(
      3,
    );
    const [header = '', ...lines] = readFileSync(table, 'utf8').split('\r\n');
    const hours = await candles.range(['ETHUSDT'], '1h', range, 10);
    const items = hours.map((hour) => toCandleItem(hour, '1h', store.clock.now()));
    expect(header.split(',')).toEqual(Object.keys(items[0] ?? {}));
    expect(lines).toEqual([...items.map((item) => Object.values(item).join(',')), '']);
  });

  it('should not write a day as whole that the history begins in, in any format', async () => {
    const said: [date: string, isClosed: boolean, isFinal: boolean, missing: number][] = [
      ['2026-01-11', true, false, 8 * 60],
      ['2026-01-12', true, true, 0],
      ['2026-01-13', true, true, 0],
      ['2026-01-14', true, true, 0],
      ['2026-01-15', true, false, 12 * 60],
    ];
    const request = { symbols: ['BTCUSDT'], interval: '1d', range: {} } as const;
    const [lines, table] = [join(folder, 'days.jsonl'), join(folder, 'days.csv')];
    await exporting.toFile(request, 'jsonl', lines, signal, ignore);
    const items = readFileSync(lines, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as CandleItem);
    expect(
      items.map((item) => [item.open_time.slice(0, 10), item.is_closed, item.is_final, item.missing_minutes]),
    ).toEqual(said);
    await exporting.toFile(request, 'csv', table, signal, ignore);
    const [header = '', ...rows] = readFileSync(table, 'utf8').trimEnd().split('\r\n');
    expect(header.split(',').slice(-3)).toEqual(['revision', 'is_final', 'missing_minutes']);
    expect(rows.map((row) => row.split(',').slice(-3).join(','))).toEqual(
      said.map(([, , isFinal, missing]) => `1,${isFinal},${missing}`),
    );
    // Parquet is written of these columns.
    const columns = candleColumns('1d', store.clock.now());
    const days = await candles.range(['BTCUSDT'], '1d', {}, 10);
    expect(columns.map(({ name }) => name)).toEqual(header.split(','));
    expect(days.map((day) => columns.slice(-2).map(({ cell }) => cell(day)))).toEqual(
      said.map(([, , isFinal, missing]) => [isFinal, missing]),
    );
    for (const file of [lines, table]) rmSync(file);
  });

  it('should tell how far it is after each page but the last, in every format', async () => {
    // Of 12,000 candles, two each minute, a page has 5,000.
    const told = [
      { rows: 5_000, minutesDone: 2_499, minutesTotal: MINUTES },
      { rows: 10_000, minutesDone: 4_999, minutesTotal: MINUTES },
    ];
    for (const format of EXPORT_FORMATS) {
      const progress: ExportProgress[] = [];
      await exporting.toFile(
        { ...everything, range: { start: FIRST } },
        format,
        join(folder, 'told'),
        signal,
        (state) => progress.push(state),
      );
      expect([format, progress]).toEqual([format, told]);
    }
    rmSync(join(folder, 'told'));
  });

  it('should write the same to Parquet whatever was there, and leave nothing behind when it is ended', async () => {
    const path = join(folder, 'all.parquet');
    expect(await exporting.toFile(everything, 'parquet', path, signal, ignore)).toBe(2 * MINUTES);
    const bytes = readFileSync(path);
    expect(bytes.subarray(0, 4).toString()).toBe('PAR1');
    expect(await exporting.toFile(everything, 'parquet', path, signal, ignore)).toBe(2 * MINUTES);
    expect(readFileSync(path).equals(bytes)).toBe(true);

    const ended = join(folder, 'ended.csv');
    await expect(exporting.toFile(everything, 'csv', ended, AbortSignal.abort(), ignore)).rejects.toThrow();
    expect(existsSync(ended)).toBe(false);
    const abort = new AbortController();
    const onFirstPage = (): void => {
      abort.abort();
    };
    await expect(exporting.toFile(everything, 'parquet', path, abort.signal, onFirstPage)).rejects.toThrow();
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('should neither keep the WAL from being emptied nor hold up capture while the reader is slow', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const taken: string[] = [];
    const slow = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _, done) {
        taken.push(chunk.toString());
        // The first page is taken, and then nothing for a long time.
        if (taken.length < 2) done();
        else
          void gate.then(() => {
            done();
          });
      },
    });
    const exported = exporting.toStream(everything, 'csv', slow, signal, ignore);
    await eventually('the reader has stopped', async () => Promise.resolve(taken.length === 2 ? true : undefined));

    for (let batch = 0; batch < 20; batch += 1) {
      await store.take(...Array.from({ length: 500 }, (_, index) => priceEvent('BTCUSDT', NOON + batch * 500 + index)));
    }
    const database = new Database(store.databasePath);
    try {
      // No reader pins an old state: all of the log goes into the database, and the log begins anew.
      expect(database.pragma('wal_checkpoint(TRUNCATE)')).toEqual([{ busy: 0, log: 0, checkpointed: 0 }]);
    } finally {
      database.close();
    }
    release();
    expect(await exported).toBe(2 * MINUTES);
    expect(taken.join('').split('\r\n')).toHaveLength(2 * MINUTES + 2);
  });
});
