import {
  CandleCursor,
  floorTo,
  HistoryStore,
  MINUTE,
  parseCandle,
  ProcessStatusStore,
  type ClockSpan,
  type EpochMicros,
  type EventBatch,
  sameCandleNumbers,
  type FetchedMinutes,
  type ImportCounts,
  type ImportedDay,
  type MinuteCandle,
  type ProcessStatusRow,
  type ReachEvidence,
  type SettledStamps,
  type SymbolInfo,
  type TimeRange,
  type TrackedSymbol,
  type UnfilledRange,
} from '@app/domain';

/** The history in memory: which minutes are stored or stopped. */
export class FakeHistoryStore extends HistoryStore {
  readonly fetched: FetchedMinutes[] = [];
  readonly days: ImportedDay[] = [];
  readonly symbols: SymbolInfo[] = [];
  readonly firstMinutes = new Map<string, EpochMicros>();
  readonly ledgerStarts = new Map<string, EpochMicros>();
  readonly frames = new Map<string, TrackedSymbol>();
  /** Minutes stored, by symbol and minute. */
  readonly stored = new Map<string, MinuteCandle>();
  /** Minutes marked stopped, as `symbol minute`. */
  readonly stopped = new Set<string>();
  /** What was noted of minutes that could not be had, as it came. */
  readonly unfilled: {
    readonly symbol: string;
    readonly asked: TimeRange;
    readonly notes: readonly UnfilledRange[];
  }[] = [];
  /** When stamps were settled, and the spans that were found then. */
  readonly settledAt: EpochMicros[] = [];
  spans: ClockSpan[] = [];
  retracked: string[] = [];
  /** What the first prices say of when ledgers began. */
  readonly evidence = new Map<string, ReachEvidence>();
  /** Thrown by every write. */
  fault: Error | undefined;

  async track(symbol: TrackedSymbol): Promise<TrackedSymbol> {
    await this.writing();
    const frame = this.frames.get(symbol.symbol) ?? symbol;
    this.frames.set(symbol.symbol, frame);
    return frame;
  }

  async extendLedger(symbol: string, start: EpochMicros): Promise<void> {
    await this.writing();
    this.ledgerStarts.set(symbol, Math.min(start, this.ledgerStarts.get(symbol) ?? Infinity));
  }

  tracked(symbol: string): Promise<TrackedSymbol | undefined> {
    return Promise.resolve(this.frames.get(symbol));
  }

  ledgerFrame(symbol: string): Promise<TrackedSymbol | undefined> {
    const rows = [...this.stored.values()].filter((row) => row.symbol === symbol);
    const first = rows.reduce<MinuteCandle | undefined>((a, b) => (a && a.openTime <= b.openTime ? a : b), undefined);
    const stored = first && { symbol, trackedSince: first.capturedAt, ledgerStart: floorTo(first.openTime, MINUTE) };
    return Promise.resolve(this.frames.get(symbol) ?? stored);
  }

  async saveSymbols(symbols: readonly SymbolInfo[]): Promise<void> {
    await this.writing();
    this.symbols.push(...symbols);
  }

  firstMinute(symbol: string): Promise<EpochMicros | undefined> {
    return Promise.resolve(this.firstMinutes.get(symbol));
  }

  async saveFirstMinute(symbol: string, openTime: EpochMicros): Promise<void> {
    await this.writing();
    this.firstMinutes.set(symbol, openTime);
  }

  async saveFetched(fetched: FetchedMinutes): Promise<void> {
    await this.writing();
    this.fetched.push(fetched);
    for (const candle of fetched.candles) this.store(candle);
  }

  async saveDay(day: ImportedDay): Promise<ImportCounts> {
    await this.writing();
    this.days.push(day);
    const counts = { taken: 0, repeats: 0, revisions: 0 };
    for (const candle of day.candles) {
      const key = `${candle.symbol} ${floorTo(candle.openTime, MINUTE)}`;
      const known = this.stored.get(key);
      if (!known) counts.taken += 1;
      else if (sameCandleNumbers(known, candle)) counts.repeats += 1;
      else counts.revisions += 1;
      if (known && !sameCandleNumbers(known, candle)) this.stored.delete(key);
      this.store(candle);
    }
    return counts;
  }

  async markStopped(symbol: string, ranges: readonly TimeRange[]): Promise<void> {
    await this.writing();
    for (const range of ranges) {
      for (let minute = range.start; minute < range.end; minute += MINUTE) {
        if (!this.stored.has(`${symbol} ${minute}`)) this.stopped.add(`${symbol} ${minute}`);
      }
    }
  }

  settleStamps(now: EpochMicros): Promise<SettledStamps> {
    this.settledAt.push(now);
    return Promise.resolve({ spans: this.spans, minutes: this.spans.length, retracked: this.retracked });
  }

  reachEvidence(symbol: string): Promise<ReachEvidence | undefined> {
    return Promise.resolve(this.evidence.get(symbol));
  }

  async confirmReach(symbol: string): Promise<void> {
    await this.writing();
    this.evidence.delete(symbol);
  }

  async moveLedger(frame: TrackedSymbol): Promise<void> {
    await this.writing();
    this.frames.set(frame.symbol, frame);
    this.evidence.delete(frame.symbol);
  }

  async noteUnfilled(symbol: string, asked: TimeRange, notes: readonly UnfilledRange[]): Promise<void> {
    await this.writing();
    this.unfilled.push({ symbol, asked, notes });
  }

  missing(symbol: string, range: TimeRange): Promise<TimeRange[]> {
    const ranges: TimeRange[] = [];
    for (let minute = range.start; minute < range.end; minute += MINUTE) {
      const key = `${symbol} ${minute}`;
      if (this.stored.has(key) || this.stopped.has(key)) continue;
      const last = ranges.at(-1);
      if (last?.end === minute) ranges[ranges.length - 1] = { start: last.start, end: minute + MINUTE };
      else ranges.push({ start: minute, end: minute + MINUTE });
    }
    return Promise.resolve(ranges);
  }

  minutes(symbol: string, { start, end }: TimeRange): Promise<readonly MinuteCandle[]> {
    const rows = [...this.stored.values()].filter((row) => row.symbol === symbol);
    const inRange = rows.filter(({ openTime }) => openTime >= start && openTime < end);
    return Promise.resolve(inRange.sort((a, b) => a.openTime - b.openTime));
  }

  lastMinute(symbol: string): Promise<EpochMicros | undefined> {
    const times = [...this.stored.values()].filter((candle) => candle.symbol === symbol).map((row) => row.openTime);
    return Promise.resolve(times.length === 0 ? undefined : Math.max(...times));
  }

  /** Does for candle events what the sink does. */
  take({ events }: EventBatch): void {
    for (const { kind, value } of events) if (kind === 'candle') this.store(parseCandle(value));
  }

  private store(candle: MinuteCandle): void {
    const key = `${candle.symbol} ${floorTo(candle.openTime, MINUTE)}`;
    if (!this.stored.has(key)) this.stored.set(key, candle);
    this.stopped.delete(key);
  }

  private async writing(): Promise<void> {
    await Promise.resolve();
    if (this.fault) throw this.fault;
  }
}

export class FakeCandleCursor extends CandleCursor {
  readonly positions = new Map<string, EpochMicros>();

  position(symbol: string): Promise<EpochMicros | undefined> {
    return Promise.resolve(this.positions.get(symbol));
  }

  advance(symbol: string, openTime: EpochMicros): Promise<void> {
    this.positions.set(symbol, openTime);
    return Promise.resolve();
  }
}

export class FakeProcessStatusStore extends ProcessStatusStore {
  readonly rows: ProcessStatusRow[] = [];
  /** Thrown by every write. */
  fault: Error | undefined;

  async write(row: ProcessStatusRow): Promise<void> {
    await Promise.resolve();
    if (this.fault) throw this.fault;
    this.rows.push(row);
  }
}
