import { createHash } from 'node:crypto';
import {
  ArchiveError,
  archiveRowLine,
  DAY,
  floorTo,
  formatDate,
  joinLeftOut,
  KlineArchive,
  KlineFile,
  KlineFiles,
  MINUTE,
  type ArchiveDay,
  type DayOfMinutes,
  type DaySieve,
  type EpochMicros,
  type KlineFileEnd,
  type KlineFileFacts,
  type KlineFileOptions,
  type MinuteCandle,
} from '@app/domain';

/** An archive of the days that were put into it. */
export class FakeKlineArchive extends KlineArchive {
  isEnabled = true;
  readonly days = new Map<string, ArchiveDay>();
  /** Days that are in monthly files alone. */
  readonly daysOfMonths = new Map<string, ArchiveDay>();
  /** Thrown for every day. */
  fault: Error | undefined;
  /** Thrown for some, by symbol and date. */
  readonly faults = new Map<string, Error>();

  /** Market time from which there are monthly files. */
  monthsFrom: EpochMicros = 0;
  /** What was asked for, as `symbol date`, oldest first. */
  readonly asked: string[] = [];

  /** How long after the end of a day its file is there as a rule. */
  delay: EpochMicros = 0;

  dailyFrom(date: EpochMicros): EpochMicros {
    return date + DAY + this.delay;
  }

  monthlyFrom(): EpochMicros {
    return this.monthsFrom;
  }

  put(symbol: string, date: EpochMicros, day: OfferedDay): void {
    this.days.set(
      `${symbol} ${date}`,
      buildDay(buildFileFacts(symbol, `${symbol}-1m-${formatDate(date)}.zip`), date, day),
    );
  }

  /** Puts a day into the monthly file. */
  putInMonth(symbol: string, date: EpochMicros, day: OfferedDay): void {
    const file = buildFileFacts(symbol, `${symbol}-1m-${formatDate(date).slice(0, 7)}.zip`);
    this.daysOfMonths.set(`${symbol} ${date}`, buildDay(file, date, day));
  }

  day(symbol: string, date: EpochMicros, signal?: AbortSignal, sieve?: DaySieve): Promise<ArchiveDay> {
    this.asked.push(`${symbol} ${formatDate(date)}`);
    return this.find(this.days, symbol, date, signal, sieve);
  }

  dayOfMonth(symbol: string, date: EpochMicros, signal?: AbortSignal, sieve?: DaySieve): Promise<ArchiveDay> {
    return this.find(this.daysOfMonths, symbol, date, signal, sieve);
  }

  private async find(
    days: ReadonlyMap<string, ArchiveDay>,
    symbol: string,
    date: EpochMicros,
    signal: AbortSignal | undefined,
    sieve: DaySieve = (day) => day,
  ): Promise<ArchiveDay> {
    signal?.throwIfAborted();
    const fault = this.fault ?? this.faults.get(`${symbol} ${date}`);
    if (fault) throw fault;
    const day = days.get(`${symbol} ${date}`);
    if (!day) throw new ArchiveError('not_found', 'no such day');
    const { candles, leftOut } = await sieve(day);
    return { ...day, candles, leftOut, rowsSha256: rowsSha256Of(candles) };
  }
}

/** What a test says of a day of the archive. */
type OfferedDay = Pick<ArchiveDay, 'candles' | 'origin'> & Partial<Pick<ArchiveDay, 'leftOut'>>;

function buildDay(file: KlineFileFacts, date: EpochMicros, { candles, origin, leftOut = [] }: OfferedDay): ArchiveDay {
  const range = { start: date, end: date + DAY };
  return {
    range,
    candles,
    leftOut,
    origin,
    file,
    rowsSha256: rowsSha256Of(candles),
    duplicates: 0,
    fetchedAt: date + 2 * DAY,
  };
}

/** As {@link KlineFileEnd.rowsSha256} has it. */
export function rowsSha256Of(candles: readonly MinuteCandle[]): string {
  const hash = createHash('sha256');
  for (const candle of candles) hash.update(archiveRowLine(candle));
  return hash.digest('hex');
}

function buildFileFacts(symbol: string, name: string): KlineFileFacts {
  return { name, symbol, bytes: 1_000, sha256: 'a'.repeat(64), checksum: 'verified' };
}

/** Files by path, each a list of days; a file of which `fault` is set fails after its days. */
export class FakeKlineFiles extends KlineFiles {
  readonly files = new Map<string, { symbol: string; days: readonly DayOfMinutes[]; fault?: Error }>();

  open(path: string, { capturedAt }: KlineFileOptions): Promise<KlineFile> {
    const file = this.files.get(path);
    if (!file) return Promise.reject(new ArchiveError('not_found', `there is no file ${path}`));
    const capturedDays = file.days.map((day) => ({
      ...day,
      candles: day.candles.map((candle) => ({ ...candle, capturedAt })),
    }));
    return Promise.resolve(new FakeKlineFile(buildFileFacts(file.symbol, path), capturedDays, file.fault));
  }
}

class FakeKlineFile extends KlineFile {
  readonly bytesRead = 0;

  constructor(
    readonly facts: KlineFileFacts,
    private readonly list: readonly DayOfMinutes[],
    private readonly fault: Error | undefined,
  ) {
    super();
  }

  async *days(signal?: AbortSignal, sieve: DaySieve = (day) => day): AsyncGenerator<DayOfMinutes, KlineFileEnd> {
    const days: DayOfMinutes[] = [];
    for (const whole of this.list) {
      await Promise.resolve();
      signal?.throwIfAborted();
      const day = await sieve(whole);
      days.push(day);
      yield day;
    }
    if (this.fault) throw this.fault;
    const rows = days.flatMap(({ candles }) => candles);
    const [first, last] = [rows[0], rows.at(-1)];
    return {
      rows: rows.length,
      duplicates: 0,
      leftOut: joinLeftOut(days.flatMap(({ leftOut }) => leftOut)),
      range:
        first && last
          ? { start: floorTo(first.openTime, MINUTE), end: floorTo(last.openTime, MINUTE) + MINUTE }
          : undefined,
      rowsSha256: rowsSha256Of(rows),
    };
  }
}
