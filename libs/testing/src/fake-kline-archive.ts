import {
  ArchiveError,
  DAY,
  formatDate,
  KlineArchive,
  KlineFile,
  KlineFiles,
  type ArchiveDay,
  type DayOfMinutes,
  type DaySieve,
  type EpochMicros,
  type KlineFileEnd,
  type KlineFileFacts,
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

  put(
    symbol: string,
    date: EpochMicros,
    day: Pick<ArchiveDay, 'candles' | 'origin'> & Partial<Pick<ArchiveDay, 'leftOut'>>,
  ): void {
    const range = { start: date, end: date + DAY };
    const file = buildFileFacts(symbol, `${symbol}-1m-${formatDate(date)}.zip`);
    const fetchedAt = date + 2 * DAY;
    const leftOut = day.leftOut ?? [];
    this.days.set(`${symbol} ${date}`, {
      ...day,
      leftOut,
      range,
      file,
      rowsSha256: 'b'.repeat(64),
      duplicates: 0,
      fetchedAt,
    });
  }

  day(symbol: string, date: EpochMicros, _?: AbortSignal, sieve?: DaySieve): Promise<ArchiveDay> {
    return this.find(this.days, symbol, date, sieve);
  }

  dayOfMonth(symbol: string, date: EpochMicros, _?: AbortSignal, sieve?: DaySieve): Promise<ArchiveDay> {
    return this.find(this.daysOfMonths, symbol, date, sieve);
  }

  private async find(
    days: ReadonlyMap<string, ArchiveDay>,
    symbol: string,
    date: EpochMicros,
    sieve: DaySieve = (day) => day,
  ): Promise<ArchiveDay> {
    const fault = this.fault ?? this.faults.get(`${symbol} ${date}`);
    if (fault) throw fault;
    const day = days.get(`${symbol} ${date}`);
    if (!day) throw new ArchiveError('not_found', 'no such day');
    const { candles, leftOut } = await sieve(day);
    return { ...day, candles, leftOut };
  }
}

function buildFileFacts(symbol: string, name: string): KlineFileFacts {
  return { name, symbol, bytes: 1_000, sha256: 'a'.repeat(64), checksum: 'verified' };
}

/** Files by path, each a list of days; a file of which `fault` is set fails after its days. */
export class FakeKlineFiles extends KlineFiles {
  readonly files = new Map<string, { symbol: string; days: readonly DayOfMinutes[]; fault?: Error }>();

  open(path: string): Promise<KlineFile> {
    const file = this.files.get(path);
    if (!file) return Promise.reject(new ArchiveError('not_found', `there is no file ${path}`));
    return Promise.resolve(new FakeKlineFile(buildFileFacts(file.symbol, path), file.days, file.fault));
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
    const [first, last] = [days[0], days.at(-1)];
    return {
      rows: days.reduce((sum, { candles }) => sum + candles.length, 0),
      duplicates: 0,
      leftOut: days.flatMap(({ leftOut }) => leftOut),
      range: first && last ? { start: first.range.start, end: last.range.end } : undefined,
      rowsSha256: 'b'.repeat(64),
    };
  }
}
