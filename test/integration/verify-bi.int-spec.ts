import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Module, type DynamicModule } from '@nestjs/common';
import { BiBuildUseCase, BiModule, BuildClock, VerifyBiUseCase, type ProofReport } from '@app/bi';
import {
  archiveRowLine,
  ARCHIVE_SOURCE,
  DAY,
  ArchiveError,
  Exchange,
  KlineArchive,
  ExchangeError,
  floorTo,
  formatDate,
  HOUR,
  MILLISECOND,
  MINUTE,
  sameCandleNumbers,
  SECOND,
  serializePriceEvent,
  type CandleNumbers,
  type DayCandle,
  type MinuteCandle,
} from '@app/domain';
import { rollUpMinutes } from '@app/history';
import { ParquetModule } from '@app/parquet';
import { StorageHistoryModule, StorageReadModule } from '@app/storage';
import { buildMinute, FakeExchange, FakeKlineArchive } from '@app/testing';
import { Recorder } from '../support/recorder';
import {
  archiveMinutes,
  describeRecordings,
  recordedAnswers,
  recordedHours,
  type RecordedCandle,
} from '../support/recordings';

const SYMBOL = 'BTCUSDT';

@Module({})
class ExchangeModule {
  static of(exchange: Exchange, archive: KlineArchive): DynamicModule {
    const providers = [
      { provide: Exchange, useValue: exchange },
      { provide: KlineArchive, useValue: archive },
    ];
    return { module: ExchangeModule, providers, exports: [Exchange, KlineArchive] };
  }
}

/** A store, an exchange, and the two commands on them. */
class Proving {
  readonly exchange: FakeExchange;
  readonly archive = new FakeKlineArchive();

  constructor(readonly recorder: Recorder) {
    this.exchange = new FakeExchange(recorder.clock, [SYMBOL]);
    this.exchange.origin = Recorder.ORIGIN;
  }

  get folder(): string {
    return join(this.recorder.folder, 'build');
  }

  async build(): Promise<void> {
    const clock = new BuildClock(this.recorder.clock);
    const module = BiModule.build(clock, [StorageReadModule.on(clock), ParquetModule]);
    const { signal } = new AbortController();
    await this.recorder.run([module], (context) => context.get(BiBuildUseCase).run(this.folder, 2, signal));
  }

  verify(
    range: { start?: number; end?: number } = {},
    signal = new AbortController().signal,
    proving: (done: number, total: number, what: string) => void = () => undefined,
  ): Promise<ProofReport> {
    const imports = [ExchangeModule.of(this.exchange, this.archive), StorageReadModule, StorageHistoryModule];
    return this.recorder.run([BiModule.verification(imports)], (context) =>
      context
        .get(VerifyBiUseCase)
        .run({ symbols: [SYMBOL], range, folder: this.folder, withArchive: true }, signal, proving),
    );
  }

  /** `verified_against_exchange` by date. */
  async verified(query: string): Promise<Map<string, string>> {
    const { body } = await this.recorder.ask(`/bi/data_quality.csv?symbol=${SYMBOL}&${query}`);
    const rows = body.split('\r\n').slice(1, -1);
    return new Map(rows.map((row) => [row.slice(0, 10), row.split(',').at(-1) ?? '']));
  }
}

const texts = ({ findings }: ProofReport): string[] => findings.map(({ text }) => text);

describe('verify-bi', () => {
  const FIRST = Date.UTC(2026, 0, 10) * MILLISECOND;
  const DAYS = 3;
  let proving: Proving;

  const minutes = (start: number, end: number): MinuteCandle[] =>
    Array.from({ length: (end - start) / MINUTE }, (_, index) => {
      const openTime = start + index * MINUTE;
      return buildMinute(SYMBOL, openTime, { capturedAt: openTime + MINUTE + SECOND });
    });

  /** The days that the exchange's minutes make. */
  const days = (): DayCandle[] =>
    Array.from({ length: DAYS }, (_, index) => {
      const date = FIRST + index * DAY;
      const rows = minutes(date, date + DAY).map((minute) => ({ ...minute, revision: 1 }));
      return { symbol: SYMBOL, openTime: date, ...(rollUpMinutes(rows) as CandleNumbers) };
    });

  const price = (timestamp: number): { kind: 'price'; symbol: string; capturedAt: number; value: string } => ({
    kind: 'price',
    symbol: SYMBOL,
    capturedAt: timestamp,
    value: serializePriceEvent({
      timestamp,
      symbol: SYMBOL,
      lastPrice: '68001.20',
      priceChangePercent: '-1.875',
      volume: '24567.123',
      source: 'binance_api_v3_ticker_24hr',
    }),
  });

  beforeEach(async () => {
    const recorder = new Recorder(FIRST + DAYS * DAY + 6 * HOUR, SYMBOL);
    proving = new Proving(recorder);
    await recorder.open();
    const { history, sink } = recorder.store;
    await history.track({ symbol: SYMBOL, trackedSince: FIRST, ledgerStart: FIRST }, Recorder.ORIGIN);
    await recorder.take(minutes(FIRST, FIRST + DAY));
    // The second day was fetched: of it bronze has no lines.
    await history.saveFetched({
      kind: 'backfill',
      origin: Recorder.ORIGIN,
      symbol: SYMBOL,
      range: { start: FIRST + DAY, end: FIRST + 2 * DAY },
      candles: minutes(FIRST + DAY, FIRST + 2 * DAY).map((minute) => ({ ...minute, capturedAt: FIRST + 2 * DAY })),
      leftOut: [],
      fetchedAt: FIRST + 2 * DAY,
    });
    await recorder.take(minutes(FIRST + 2 * DAY, FIRST + 3 * DAY + HOUR));
    await sink.take({ origin: Recorder.ORIGIN, events: [price(FIRST + 123_456), price(FIRST + 3 * DAY)] });
    proving.exchange.days = days();
    await proving.build();
  });

  afterEach(() => proving.recorder.dispose());

  it('should prove what was captured and fetched, and keep what it found of each day', async () => {
    await proving.recorder.serve();
    const report = await proving.verify();
    expect(report).toMatchObject({ findings: [], mismatches: 0, known: [] });
    expect(report.symbols).toEqual([
      { symbol: SYMBOL, daysChecked: 3, equal: 3, knownDifferences: 0, mismatches: 0, recomputedFrom: FIRST },
    ]);
    expect(report.bronze).toEqual({ lines: 2 * 1_440 + 60 + 2, since: FIRST });
    expect([...(await proving.verified('days=10')).values()]).toEqual(['equal', 'equal', 'equal', '']);
  });

  it('should tell of each day, and keep what it found of the days before it is interrupted', async () => {
    await proving.recorder.serve();
    const told: [number, number, string][] = [];
    await proving.verify({}, undefined, (...state) => told.push(state));
    expect(told).toEqual([
      [0, 4, proving.folder],
      [0, 4, 'bronze'],
      [0, 4, SYMBOL],
      ...[0, 1, 2].map((day) => [day, 4, `${SYMBOL} ${formatDate(FIRST + day * DAY)}`]),
    ]);

    proving.recorder.change('DELETE FROM day_verifications');
    const abort = new AbortController();
    const interrupted = proving.verify({}, abort.signal, (done) => {
      if (done === 1) abort.abort();
    });
    await expect(interrupted).rejects.toThrow(/abort/i);
    const kept = proving.recorder.rows<{ date: number }>('SELECT date FROM day_verifications ORDER BY date');
    expect(kept[0]).toEqual({ date: FIRST });
    expect(kept.length).toBeLessThan(3);
  });

  it('should find rows of gold that their minutes do not make', async () => {
    const { recorder } = proving;
    recorder.change('UPDATE candles_1h SET high = ? WHERE open_time = ?', '99.00', FIRST + 5 * HOUR);
    recorder.change('DELETE FROM candles_1h WHERE open_time = ?', FIRST + 6 * HOUR);
    // What a candle is called final by, and what tells its answers apart.
    recorder.change('UPDATE candles_1h SET minutes = ? WHERE open_time = ?', 59, FIRST + 7 * HOUR);
    recorder.change('UPDATE candles_1h SET revision = ? WHERE open_time = ?', 2, FIRST + 8 * HOUR);
    recorder.change('UPDATE candles_1d SET volume = ? WHERE open_time = ?', '2880.0', FIRST);
    recorder.change('UPDATE daily_metrics SET log_return = ? WHERE date = ?', '0.1', FIRST + DAY);
    const found = texts(await proving.verify());
    expect(found).toContainEqual(
      expect.stringMatching(/^1h candle of 2026-01-10T05:00:00Z, .*: high 99.00 and 1\d+.50$/),
    );
    expect(found).toContain('1h candle of 2026-01-10T06:00:00Z: not there, but its minutes are');
    for (const [hour, what] of [
      ['07', 'minutes 59 and 60'],
      ['08', 'revision 2 and 1'],
    ] as const) {
      expect(found).toContain(`1h candle of 2026-01-10T${hour}:00:00Z, stored and recomputed from minutes: ${what}`);
    }
    expect(found).toContainEqual(expect.stringMatching(/^1d candle of 2026-01-10.*volume 2880.0 and 2880.00$/));
    expect(found).toContainEqual(expect.stringMatching(/^metrics of 2026-01-11: logReturn 0.1, recomputed /));
    expect(found.filter((text) => !/^(1h|1d|metrics)/.test(text))).toEqual([]);
  });

  describe('raw files that were altered outside this program', () => {
    const pathOf = (name: string): string => join(proving.recorder.rawDir, name);
    const CANDLES = `crypto_candles_${formatDate(FIRST)}.jsonl`;
    const PRICES = `crypto_prices_${formatDate(FIRST)}.jsonl`;

    /** Changes bytes of a line, counted from 1, and nothing else. */
    function alter(name: string, number: number, change: (line: string) => string): void {
      const lines = readFileSync(pathOf(name), 'utf8').split('\n');
      lines[number - 1] = change(lines[number - 1] ?? '');
      writeFileSync(pathOf(name), lines.join('\n'));
    }

    const ofFiles = ({ findings }: ProofReport): string[] =>
      findings.flatMap(({ symbol, text }) => (symbol === undefined ? [text] : []));

    it.each([
      ['a digit of a price', PRICES, 1, '68001.20', '68001.30', `${SYMBOL} 2026-01-10T00:00:00.123456+00:00`],
      ['a digit of a close', CANDLES, 421, '"close":"1', '"close":"2', `${SYMBOL} 2026-01-10T07:00:00Z`],
      ['the symbol', CANDLES, 3, `"${SYMBOL}"`, '"BTCUSDU"', `${SYMBOL} 2026-01-10T00:02:00Z`],
    ])('should be named with file, line and what is lost: %s', async (_what, file, number, from, to, lost) => {
      alter(file, number, (line) => line.replace(from, to));
      expect(ofFiles(await proving.verify())).toEqual([
        `${file}, line ${number}: altered outside this program; lost is what it said of ${lost}, which the tables alone still have`,
      ]);
    });

    it.each([
      ['a quote', 100, (line: string) => line.replace('"', ' ')],
      ['all of it', 1, (line: string) => '\0'.repeat(Buffer.byteLength(line))],
      ['its last byte', 1_439, (line: string) => `${line.slice(0, -1)}]`],
    ])('should be named where the line is no event any more: %s', async (_what, number, change) => {
      alter(CANDLES, number, change);
      const [found = '', ...others] = ofFiles(await proving.verify());
      expect(others).toEqual([]);
      expect(found).toMatch(
        new RegExp(
          `^${CANDLES}, line ${number}: altered outside this program, and no event any more \\(.*\\); lost is what it said of`,
        ),
      );
      const minute = new Date((FIRST + (number - 1) * MINUTE) / 1_000).toISOString().replace('.000', '');
      expect(found).toContain(`lost is what it said of ${SYMBOL} ${minute}, which the tables alone still have`);
    });

    it('should be named where a line end went, with both rows', async () => {
      const text = readFileSync(pathOf(CANDLES), 'utf8');
      writeFileSync(pathOf(CANDLES), text.replace('}\n{', '} {'));
      expect(ofFiles(await proving.verify())).toEqual([
        expect.stringMatching(
          /line 1: .*lost is what it said of BTCUSDT 2026-01-10T00:00:00Z or BTCUSDT 2026-01-10T00:01:00Z, which/,
        ),
      ]);
    });

    it('should be told of as a whole where no line contradicts the tables, or none can be read', async () => {
      alter(CANDLES, 7, (line) => line.replace('":"', '": "').replace('","', '" ,"'));
      expect(ofFiles(await proving.verify())).toEqual([
        expect.stringContaining(`${CANDLES}: altered outside this program (its CRC-32 is another), but no line`),
      ]);
    });

    it('should be told of where a compressed one cannot be unpacked', async () => {
      await proving.recorder.store.upkeep.compact(new AbortController().signal);
      const path = pathOf(`${CANDLES}.gz`);
      const bytes = readFileSync(path);
      bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 0xff, bytes.length >> 1);
      writeFileSync(path, bytes);
      const found = ofFiles(await proving.verify());
      expect(found).toContainEqual(expect.stringContaining(`${CANDLES}.gz: altered outside this program, and no gzip`));
    });

    it('should be told of where one is shorter than what was stored', async () => {
      const text = readFileSync(pathOf(CANDLES), 'utf8');
      const end = text.lastIndexOf('\n', text.length - 2) + 1;
      writeFileSync(pathOf(CANDLES), text.slice(0, end));
      expect(ofFiles(await proving.verify())).toEqual([
        `${CANDLES}: ${end} of ${text.length} bytes are left; the lines behind them are lost`,
      ]);
    });

    it.each([
      [
        'a line that cannot be read any more',
        (line: string) => line.replace('":', '";'),
        /, line 2: altered outside.*it is no JSON; lost is/,
      ],
      [
        'a range that is none',
        (line: string) => line.replace('"start":"2026', '"start":"x026'),
        /, line 2: altered.*of its backfill cannot be read/,
      ],
      [
        'a note',
        (line: string) => line.replace('"interval":"1m"', '"interval":"2m"'),
        /^fetches\.jsonl: altered outside this program \(its CRC-32/,
      ],
    ])('should name %s of the manifest', async (_what, change, text) => {
      alter('fetches.jsonl', 2, change);
      expect(ofFiles(await proving.verify())).toContainEqual(expect.stringMatching(text));
    });
  });

  describe('minutes that were fetched', () => {
    const inside = FIRST + DAY + 7 * HOUR + 20 * MINUTE;

    it.each([
      ['the close within its hour', "close = '100.75'", inside],
      ['the open within its hour', "open = '100.25'", inside + 3 * MINUTE],
      ['how the close is written', "close = close || '0'", inside + 9 * MINUTE],
    ])(
      'should be found altered by the hash of the manifest, though no roll-up tells: %s',
      async (_what, change, at) => {
        const { recorder } = proving;
        recorder.change(`UPDATE candles_1m SET ${change} WHERE open_time = ?`, at);
        const { findings, fetchesProved } = await proving.verify();
        expect(fetchesProved).toBe(0);
        expect(findings).toEqual([
          {
            symbol: SYMBOL,
            text:
              'minutes 2026-01-11T00:00:00Z to 2026-01-12T00:00:00Z: not those that were fetched (backfill, line 2 of the ' +
              'manifest): the hash of the 1440 rows is another; `rebuild` fetches them again',
          },
        ]);
      },
    );

    it('should be found altered when they came from a file of the archive', async () => {
      const { recorder } = proving;
      const start = FIRST - DAY;
      const fetchedAt = FIRST + 3 * DAY + 2 * HOUR;
      const candles = minutes(start, FIRST).map((minute) => ({
        ...minute,
        source: ARCHIVE_SOURCE,
        capturedAt: fetchedAt,
      }));
      const range = { start, end: FIRST };
      const hash = createHash('sha256');
      for (const candle of candles) hash.update(archiveRowLine(candle));
      const facts = { name: 'x.zip', symbol: SYMBOL, bytes: 1, sha256: 'a'.repeat(64), checksum: 'absent' } as const;
      const end = { rows: 1_440, duplicates: 0, leftOut: [], range, rowsSha256: hash.digest('hex') };
      const file = { kind: 'import', facts, end } as const;
      const day = { origin: Recorder.ORIGIN, symbol: SYMBOL, range, candles, leftOut: [], fetchedAt, file };
      await recorder.store.history.saveDay(day);
      expect((await proving.verify({ start: FIRST })).fetchesProved).toBe(2);
      recorder.change('UPDATE candles_1m SET low = ? WHERE open_time = ?', '100.00', start + 90 * MINUTE);
      expect(texts(await proving.verify({ end: FIRST }))).toContainEqual(
        expect.stringMatching(/^minutes 2026-01-09.*not those that were fetched \(import, line 3 of the manifest\)/),
      );
    });

    it('should not be taken for altered when live ones repeated or revised them, or their time is over', async () => {
      const { recorder } = proving;
      const again = { capturedAt: FIRST + 3 * DAY };
      await recorder.take([
        buildMinute(SYMBOL, inside, { ...again, volume: '9.00' }),
        buildMinute(SYMBOL, inside + MINUTE, again),
      ]);
      const revised = await proving.verify();
      expect(revised.findings.filter(({ text }) => text.includes('hash'))).toEqual([]);
      expect(revised.fetchesProved).toBe(1);
      recorder.change('DELETE FROM candles_1m WHERE open_time < ?', inside);
      const kept = await proving.verify();
      expect(kept.findings.filter(({ text }) => text.includes('hash'))).toEqual([]);
    });

    it('should be found when the manifest says another hash or other rows', async () => {
      const path = join(proving.recorder.rawDir, 'fetches.jsonl');
      const text = readFileSync(path, 'utf8');
      writeFileSync(
        path,
        text.replace(/"sha256":"./, (start) => (start.endsWith('0') ? '"sha256":"1' : '"sha256":"0')),
      );
      const found = texts(await proving.verify());
      expect(found).toContainEqual(expect.stringContaining('fetches.jsonl: altered outside this program'));
      expect(found).toContainEqual(expect.stringContaining('not those that were fetched (backfill, line 2'));
    });
  });

  it('should say from when minutes are kept, and recompute only from there', async () => {
    const { recorder } = proving;
    recorder.change('DELETE FROM candles_1m WHERE open_time < ?', FIRST + DAY + HOUR);
    const report = await proving.verify();
    expect(report.symbols[0]?.recomputedFrom).toBe(FIRST + 2 * DAY);
    expect(texts(report).every((text) => text.includes('in bronze'))).toBe(true);
  });

  it('should find rows that bronze does not make, and lines that are not in the tables', async () => {
    const { recorder } = proving;
    const at = FIRST + 7 * HOUR;
    recorder.change('UPDATE price_events SET last_price = ? WHERE timestamp = ?', '1.00', FIRST + 123_456);
    recorder.change('UPDATE candles_1m SET source = ? WHERE open_time = ?', 'elsewhere', at);
    const file = join(recorder.rawDir, `crypto_candles_${formatDate(FIRST)}.jsonl`);
    // A row whose line somebody took out of the file, to the byte.
    const [line = ''] = readFileSync(file, 'utf8').split('\n').slice(10, 11);
    writeFileSync(file, readFileSync(file, 'utf8').replace(line, ' '.repeat(Buffer.byteLength(line))));
    const report = await proving.verify();
    expect(texts(report)).toEqual(
      expect.arrayContaining([
        'candles_1m 2026-01-10T07:00:00Z: in bronze, not so in the table',
        'candles_1m 2026-01-10T07:00:00Z: in the table, not so in bronze',
        'candles_1m 2026-01-10T00:10:00Z: in the table, not so in bronze',
        'price_events 2026-01-10T00:00:00.123456+00:00: in bronze, not so in the table',
        'price_events 2026-01-10T00:00:00.123456+00:00: in the table, not so in bronze',
      ]),
    );
    expect(report.findings.filter(({ symbol }) => symbol === undefined)).toHaveLength(1);
    expect(report.mismatches).toBe(6);
  });

  it.each([
    ['should miss the line of a kept repeat', 1, ['candles_1m 2026-01-10T07:00:00Z: in the table, not so in bronze']],
    ['should not miss the line of a repeat that an earlier version kept without one', 0, []],
  ])('%s', async (_, recorded, found) => {
    const { recorder } = proving;
    const at = FIRST + 7 * HOUR;
    // One that is in bronze, and one that is in the table alone.
    await recorder.take([buildMinute(SYMBOL, at, { capturedAt: at + 10 * MINUTE })]);
    const columns =
      'symbol, open_time, open, high, low, close, volume, quote_volume, trade_count, taker_buy_volume, ' +
      'taker_buy_quote_volume, close_time, source';
    recorder.change(
      `INSERT INTO candle_repeats (${columns}, captured_at, recorded)
       SELECT ${columns}, ?, ? FROM candles_1m WHERE open_time = ?`,
      at + 20 * MINUTE,
      recorded,
      at,
    );
    expect(texts(await proving.verify())).toEqual(found);
  });

  it('should take revisions and what came out of order for what bronze says', async () => {
    const { recorder } = proving;
    const revise = (openTime: number, after: number, volume: string): MinuteCandle =>
      buildMinute(SYMBOL, openTime, { capturedAt: openTime + after, volume });
    await recorder.take([revise(FIRST, 10 * MINUTE, '7.00')]);
    await recorder.take([revise(FIRST, 5 * MINUTE, '6.00'), revise(FIRST, 20 * MINUTE, '7.00')]);
    await recorder.take([revise(FIRST + DAY, DAY + 10 * MINUTE, '2.00'), revise(FIRST + DAY, 2 * DAY, '9.00')]);
    proving.exchange.changes.set(`${SYMBOL} ${FIRST}`, { volume: '7.00' });
    proving.exchange.changes.set(`${SYMBOL} ${FIRST + DAY}`, { volume: '9.00' });
    proving.exchange.days = proving.exchange.days.map((day, index) =>
      index < 2 ? { ...day, volume: index === 0 ? '2885.00' : '2887.00' } : day,
    );
    const report = await proving.verify();
    // The build is older than the revisions, and still whole.
    expect(texts(report)).toEqual([]);
    expect(report.symbols[0]).toMatchObject({ daysChecked: 3, equal: 3 });
  });

  it('should fetch a day again that differs, and be content when it is equal then', async () => {
    proving.exchange.changes.set(`${SYMBOL} ${FIRST + HOUR}`, { volume: '3.00' });
    proving.exchange.days = proving.exchange.days.map((day, index) =>
      index === 0 ? { ...day, volume: '2881.00' } : day,
    );
    expect(await proving.verify()).toMatchObject({ mismatches: 0, symbols: [{ equal: 3 }] });
    expect(proving.recorder.rows('SELECT volume FROM candles_1d WHERE open_time = ?', FIRST)).toEqual([
      { volume: '2881.00' },
    ]);
  });

  it('should keep a contradiction that is there twice, as long as both sides stay what they are', async () => {
    proving.exchange.days = proving.exchange.days.map((day, index) =>
      index === 1 ? { ...day, tradeCount: 1_441 } : day,
    );
    const report = await proving.verify();
    expect(report).toMatchObject({ mismatches: 0, symbols: [{ daysChecked: 3, equal: 2, knownDifferences: 1 }] });
    expect(report.known).toMatchObject([
      { date: FIRST + DAY, reason: 'contradiction', stored: { tradeCount: 1_440 }, exchange: { tradeCount: 1_441 } },
    ]);
    const calls = proving.exchange.calls.length;
    expect((await proving.verify()).known).toHaveLength(1);
    expect(proving.exchange.calls).toHaveLength(calls + 1);
    proving.exchange.days = days();
    expect(await proving.verify()).toMatchObject({ known: [], symbols: [{ equal: 3 }] });
    expect(proving.recorder.rows('SELECT * FROM known_differences')).toEqual([]);
  });

  it('should compare days with verified files of the archive, and say when there is none to be had', async () => {
    const { archive } = proving;
    const put = (index: number, changes: Partial<MinuteCandle> = {}): void => {
      const date = FIRST + index * DAY;
      const candles = minutes(date, date + DAY).map((minute, at) => (at === 100 ? { ...minute, ...changes } : minute));
      archive.put(SYMBOL, date, { candles, origin: Recorder.ORIGIN });
    };
    put(0);
    put(1, { volume: '2.50' });
    const report = await proving.verify();
    expect(report).toMatchObject({ mismatches: 0, symbols: [{ daysChecked: 3, equal: 2, knownDifferences: 1 }] });
    expect(report.known).toMatchObject([
      { date: FIRST + DAY, reason: 'contradiction', stored: { volume: '2880.00' }, exchange: { volume: '2880.50' } },
    ]);
    archive.fault = new ArchiveError('truncated', 'half a file');
    expect(await proving.verify()).toMatchObject({ mismatches: 0, symbols: [{ equal: 3 }] });
    archive.fault = new ArchiveError('unreachable', 'nobody answers');
    expect(texts(await proving.verify())).toEqual([
      '2026-01-10 was not compared with the archive: nobody answers',
      '2026-01-11 was not compared with the archive: nobody answers',
      '2026-01-12 and the days after it were not compared with the archive: nobody answers',
    ]);
    archive.fault = undefined;
    archive.faults.set(`${SYMBOL} ${FIRST}`, new ArchiveError('rejected', 'HTTP 403'));
    // One refused file keeps none of the others from being compared.
    expect(await proving.verify()).toMatchObject({ symbols: [{ daysChecked: 3, knownDifferences: 1 }] });
  });

  it('should not take for known what changes each time, what is incomplete, or what nobody could compare', async () => {
    const { exchange, recorder } = proving;
    let asked = 0;
    const [first] = exchange.days;
    Object.defineProperty(exchange, 'days', {
      get: () => [{ ...first, tradeCount: 2_000 + (asked += 1) }, ...days().slice(1)],
    });
    recorder.change('DELETE FROM candles_1m WHERE open_time = ?', FIRST);
    const report = await proving.verify({ start: FIRST, end: FIRST + DAY });
    expect(texts(report)).toContain(
      "2026-01-10, stored and the exchange's own: the exchange gave something else each time it was asked",
    );
    expect(report.known).toEqual([]);
    exchange.fault = () => new ExchangeError('unreachable', 'nobody answers');
    expect(texts(await proving.verify())).toContain('days were not compared with the exchange: nobody answers');
  });

  it('should list minutes that contradict themselves, and call none of them a mismatch', async () => {
    const start = FIRST + 3 * DAY + 2 * HOUR;
    const [first, second] = minutes(start, start + 2 * MINUTE) as [MinuteCandle, MinuteCandle];
    await proving.recorder.take([
      { ...first, high: '1', low: '2' },
      { ...second, tradeCount: 0 },
    ]);
    const { contradictions, mismatches } = await proving.verify();
    expect(mismatches).toBe(0);
    expect(contradictions.total).toBe(2);
    expect(contradictions.list).toEqual([
      { symbol: SYMBOL, text: expect.stringMatching(/^2026-01-13T02:00:00Z: high 1 is below low 2, open /) as string },
      {
        symbol: SYMBOL,
        text: '2026-01-13T02:01:00Z: volume 2.00 without trades, quote volume 10.00 without trades',
      },
    ]);
  });

  it('should find a stored minute that fits into no table', async () => {
    const time = FIRST + DAY + 5 * MINUTE;
    proving.recorder.change('UPDATE candles_1m SET close = ? WHERE open_time = ?', '1'.repeat(40), time);
    expect(texts(await proving.verify())).toContain(
      `the minute 2026-01-11T00:05:00Z has close "${'1'.repeat(40)}", not an unsigned decimal as text, with at most ` +
        '24 digits before and 8 behind the point and no leading zero',
    );
  });

  it('should tell once of each row that it left out of what it fetched, and of a day that it could not compare', async () => {
    const { exchange } = proving;
    const [, second, third] = days() as [DayCandle, DayCandle, DayCandle];
    exchange.days = [{ ...days()[0]!, tradeCount: 7 }, second];
    exchange.broken.set(`${SYMBOL} ${FIRST + HOUR}`, 'the row of 2026-01-10T01:00:00Z: volume is "1E+2"');
    exchange.leftOutDays = [
      { start: third.openTime, end: third.openTime + DAY, reason: 'broken', detail: 'the row of 2026-01-12: nonsense' },
    ];
    const report = await proving.verify();
    expect(texts(report).filter((text) => text.includes('left out'))).toEqual([
      'a day of the exchange was left out: the row of 2026-01-12: nonsense',
      'a minute that was fetched again was left out: the row of 2026-01-10T01:00:00Z: volume is "1E+2"',
    ]);
    expect(report.symbols).toMatchObject([{ daysChecked: 2 }]);
  });

  it('should find files that are not what the contract and the descriptor say', async () => {
    const { folder } = proving;
    const path = join(folder, 'daily_ohlc.csv');
    const [header = '', first = '', second = ''] = readFileSync(path, 'utf8').split('\r\n');
    appendFileSync(path, `${first}\r\n2026-01-10,ETHUSDT,1e5,,3,4,maybe,kline\r\n2026-01-12,BTCUSDT\r\n`);
    writeFileSync(join(folder, 'symbols.csv'), 'symbol\r\n');
    const found = texts(await proving.verify());
    expect([header.split(',').length, second.length]).not.toContain(0);
    expect(found).toEqual([
      expect.stringMatching(/^daily_ohlc.csv: \d+ bytes that are not those that datapackage.json names$/),
      'symbols.csv: 8 bytes that are not those that datapackage.json names',
      'daily_ohlc.csv, line 6: 2026-01-10 BTCUSDT does not come after 2026-01-13 BTCUSDT',
      'daily_ohlc.csv, line 7: open is "1e5", which is no decimal',
      'daily_ohlc.csv, line 7: high is "", which is no decimal',
      'daily_ohlc.csv, line 7: is_final is "maybe", which is no boolean',
      'daily_ohlc.csv, line 8: 2 cells in place of 8',
      'symbols.csv, line 1: the header is symbol',
    ]);
  });

  it('should say where no build is', async () => {
    const report = await proving.recorder.run(
      [
        BiModule.verification([
          ExchangeModule.of(proving.exchange, proving.archive),
          StorageReadModule,
          StorageHistoryModule,
        ]),
      ],
      (context) =>
        context
          .get(VerifyBiUseCase)
          .run(
            { symbols: [], range: {}, folder: '/nowhere', withArchive: true },
            new AbortController().signal,
            () => undefined,
          ),
    );
    expect(texts(report)).toEqual(['datapackage.json in /nowhere: not there; `bi-build` makes it']);
  });
});

describeRecordings('verify-bi on recordings', () => {
  const recorder = new Recorder(Date.UTC(2021, 1, 16) * MILLISECOND, SYMBOL);
  const proving = new Proving(recorder);
  /** Every recording of each day, by date. */
  const recordings = new Map<number, RecordedCandle[]>();
  let hoursOf: Map<number, RecordedCandle[]>;

  beforeAll(async () => {
    for (const candle of recordedAnswers(SYMBOL, '1d').flat()) {
      recordings.set(candle.openTime, [...(recordings.get(candle.openTime) ?? []), candle]);
    }
    hoursOf = new Map();
    for (const hour of recordedHours()) {
      const date = floorTo(hour.openTime, DAY);
      if (recordings.has(date)) hoursOf.set(date, [...(hoursOf.get(date) ?? []), hour]);
    }
    const first = Math.min(...hoursOf.keys());
    await recorder.open();
    await recorder.store.history.track({ symbol: SYMBOL, trackedSince: first, ledgerStart: first }, Recorder.ORIGIN);
    // One minute stands for each recorded hour, with all of its numbers; nothing was traded in the others.
    const candles = [...hoursOf.values()].flat().map((hour) => ({
      ...buildMinute(SYMBOL, floorTo(hour.openTime, MINUTE)),
      ...hour,
      closeTime: hour.openTime + MINUTE - MILLISECOND,
      capturedAt: hour.openTime + HOUR,
    }));
    for (let start = 0; start < candles.length; start += 2_000)
      await recorder.take(candles.slice(start, start + 2_000));
    recorder.change('UPDATE coverage_days SET stopped = (24 - captured) * 60, quiet = captured * 59');
    const minutes = new Map(candles.map((candle) => [candle.openTime, candle]));
    proving.exchange.has = (_, time) => minutes.has(time);
    for (const { capturedAt, ...candle } of candles) {
      if (capturedAt > 0) proving.exchange.changes.set(`${SYMBOL} ${candle.openTime}`, candle);
    }
    for (const date of ['2020-01-01', '2020-01-02']) {
      const minutesOfFile = archiveMinutes(date).map((row) => ({
        ...buildMinute(SYMBOL, row.openTime),
        ...row,
      }));
      proving.archive.put(SYMBOL, Date.parse(date) * MILLISECOND, { candles: minutesOfFile, origin: Recorder.ORIGIN });
    }
    await recorder.serve();
    await proving.build();
  });

  afterAll(() => recorder.dispose());

  const own = (
    pick: (recordings: readonly RecordedCandle[], date: number) => RecordedCandle | undefined,
  ): DayCandle[] =>
    [...hoursOf.keys()]
      .sort((a, b) => a - b)
      .flatMap((date) => {
        const candle = pick(recordings.get(date) ?? [], date);
        return candle ? [{ ...candle, symbol: SYMBOL, openTime: date }] : [];
      });

  const byHours = (date: number): CandleNumbers =>
    rollUpMinutes((hoursOf.get(date) ?? []).map((hour) => ({ ...hour, capturedAt: 0, revision: 1 }))) as CandleNumbers;

  it('should find exactly the days on which the exchange contradicts itself, and the one that its stop left apart', async () => {
    // Of several recordings of a day, the one that does not agree with its hours, where there is one.
    proving.exchange.days = own(
      (candles, date) => candles.find((candle) => !sameCandleNumbers(candle, byHours(date))) ?? candles[0],
    );
    const report = await proving.verify();
    expect(texts(report)).toEqual([]);
    expect(report.known.map(({ date, reason }) => `${formatDate(date)} ${reason}`)).toEqual([
      '2019-05-08 contradiction',
      '2019-10-01 contradiction',
      '2019-12-04 contradiction',
      '2020-12-21 exchange_stop',
    ]);
    expect(report.symbols).toMatchObject([{ daysChecked: 494, equal: 490, knownDifferences: 4, mismatches: 0 }]);
    const verified = await proving.verified('start=2018-12-01&end=2021-01-01');
    expect([...verified].filter(([, result]) => result === 'differs').map(([date]) => date)).toEqual([
      '2019-05-08',
      '2019-10-01',
      '2019-12-04',
      '2020-12-21',
    ]);
    expect([...verified.values()].filter((result) => result === 'equal')).toHaveLength(490);
  });

  it('should be left with the stop alone once the exchange agrees with itself', async () => {
    proving.exchange.days = own(
      (candles, date) => candles.find((candle) => sameCandleNumbers(candle, byHours(date))) ?? candles[0],
    );
    const report = await proving.verify();
    expect(report).toMatchObject({ mismatches: 0, symbols: [{ equal: 493 }] });
    expect(report.known.map(({ date }) => formatDate(date))).toEqual(['2020-12-21']);
  });
});
