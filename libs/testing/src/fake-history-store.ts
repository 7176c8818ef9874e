import {
  asCaptured,
  CANDLE_KIND,
  CandleCursor,
  closeOfMinute,
  compareCodePoints,
  DELISTED,
  explainMissing,
  floorTo,
  HistoryStore,
  isStampedAhead,
  latestStamp,
  MINUTE,
  OriginMismatchError,
  processOfInstance,
  ProcessStatusStore,
  sameCandleNumbers,
  SILENT_STATUS_KEPT,
  subtractRanges,
  type ClockSpan,
  type EpochMicros,
  type EventBatch,
  type ExplainedRange,
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
import { versionsOf } from '@app/history';

/** The history in memory: which minutes are stored or stopped. What is in its lists can be set from outside. */
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
  /** When stamps were settled. */
  readonly settledAt: EpochMicros[] = [];
  /** Spans and symbols that are reported beside those that are found. */
  spans: ClockSpan[] = [];
  retracked: string[] = [];
  /** What the first prices say of when ledgers began. */
  readonly evidence = new Map<string, ReachEvidence>();
  /** Thrown by every write. */
  fault: Error | undefined;
  /** That of the first data that came. */
  private origin: string | undefined;
  /** Captures of the minutes stored, the current one included. */
  private readonly captures = new Map<string, readonly MinuteCandle[]>();
  /** Minutes before it are not accounted for. */
  private readonly floors = new Map<string, EpochMicros>();
  /** Why minutes are missing, by symbol: disjoint ranges. */
  private readonly notes = new Map<string, readonly ExplainedRange[]>();

  async track(symbol: TrackedSymbol, origin: string): Promise<TrackedSymbol> {
    await this.writing(origin);
    const known = this.frames.get(symbol.symbol);
    if (known) return known;
    const covered = this.covered(symbol.symbol);
    const asked = this.ledgerStarts.get(symbol.symbol) ?? Infinity;
    const frame: TrackedSymbol = {
      symbol: symbol.symbol,
      trackedSince: covered?.trackedSince ?? symbol.trackedSince,
      ledgerStart: Math.min(symbol.ledgerStart, asked, covered?.ledgerStart ?? Infinity),
    };
    this.frames.set(symbol.symbol, frame);
    return frame;
  }

  async extendLedger(symbol: string, start: EpochMicros, origin: string): Promise<void> {
    await this.writing(origin);
    this.ledgerStarts.set(symbol, Math.min(start, this.ledgerStarts.get(symbol) ?? Infinity));
    const frame = this.frames.get(symbol);
    if (frame) this.frames.set(symbol, { ...frame, ledgerStart: Math.min(start, frame.ledgerStart) });
    const floor = this.floors.get(symbol);
    if (floor !== undefined) this.floors.set(symbol, Math.min(start, floor));
  }

  tracked(symbol: string): Promise<TrackedSymbol | undefined> {
    return Promise.resolve(this.frames.get(symbol));
  }

  ledgerFrame(symbol: string): Promise<TrackedSymbol | undefined> {
    return Promise.resolve(this.frames.get(symbol) ?? this.covered(symbol));
  }

  async saveSymbols(symbols: readonly SymbolInfo[], origin: string): Promise<void> {
    await this.writing(origin);
    this.symbols.push(...symbols);
  }

  knownSymbols(): Promise<readonly Pick<SymbolInfo, 'symbol' | 'status'>[]> {
    const named = [...this.frames.keys(), ...this.ledgerStarts.keys(), ...this.firstMinutes.keys()];
    const statuses = new Map(named.map((symbol) => [symbol, 'UNKNOWN']));
    for (const { symbol } of this.stored.values()) statuses.set(symbol, 'UNKNOWN');
    for (const { symbol, status } of this.symbols) statuses.set(symbol, status);
    const known = [...statuses].map(([symbol, status]) => ({ symbol, status }));
    return Promise.resolve(known.sort((a, b) => compareCodePoints(a.symbol, b.symbol)));
  }

  async saveDelisted(symbols: readonly string[]): Promise<void> {
    await this.writing();
    const known = new Set((await this.knownSymbols()).map(({ symbol }) => symbol));
    for (const symbol of symbols.filter((name) => known.has(name))) {
      const info = this.symbols.findLast((described) => described.symbol === symbol);
      this.symbols.push({ symbol, baseAsset: '', quoteAsset: '', ...info, status: DELISTED });
    }
  }

  firstMinute(symbol: string): Promise<EpochMicros | undefined> {
    return Promise.resolve(this.firstMinutes.get(symbol));
  }

  async saveFirstMinute(symbol: string, openTime: EpochMicros, origin: string): Promise<void> {
    await this.writing(origin);
    this.firstMinutes.set(symbol, openTime);
  }

  async saveFetched(fetched: FetchedMinutes): Promise<void> {
    await this.writing(fetched.origin);
    this.fetched.push(fetched);
    for (const candle of fetched.candles) this.store(candle);
    this.note(fetched.symbol, fetched.range, []);
    this.noteLeftOut(fetched.symbol, fetched);
  }

  async saveDay(day: ImportedDay): Promise<ImportCounts> {
    await this.writing(day.origin);
    this.days.push(day);
    const counts = { taken: 0, repeats: 0, revisions: 0 };
    for (const candle of day.candles) {
      const known = this.stored.get(keyOf(candle));
      if (!known) counts.taken += 1;
      else if (sameCandleNumbers(known, candle)) counts.repeats += 1;
      else counts.revisions += 1;
      if (!known || !sameCandleNumbers(known, candle)) this.store(candle);
    }
    const settled = subtractRanges([day.range], this.gaps(day.symbol, day.range));
    for (const range of settled) this.note(day.symbol, range, []);
    this.noteLeftOut(day.symbol, day);
    return counts;
  }

  async markStopped(symbol: string, ranges: readonly TimeRange[]): Promise<void> {
    await this.writing();
    for (const range of ranges) {
      for (let minute = range.start; minute < range.end; minute += MINUTE) {
        if (!this.stored.has(`${symbol} ${minute}`)) this.stopped.add(`${symbol} ${minute}`);
      }
      this.note(symbol, range, []);
    }
  }

  settleStamps(now: EpochMicros): Promise<SettledStamps> {
    this.settledAt.push(now);
    const { found, minutes, retracked } = this.settled(now);
    return Promise.resolve({
      spans: [...this.spans, ...found],
      minutes: this.spans.length + minutes,
      retracked: [...this.retracked, ...retracked],
    });
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
    this.ledgerStarts.delete(frame.symbol);
    this.floors.set(frame.symbol, frame.ledgerStart);
    for (const key of this.stopped) {
      const [symbol, minute] = key.split(' ');
      if (symbol === frame.symbol && Number(minute) < frame.ledgerStart) this.stopped.delete(key);
    }
    this.evidence.delete(frame.symbol);
  }

  async noteUnfilled(symbol: string, asked: TimeRange, notes: readonly UnfilledRange[]): Promise<void> {
    await this.writing();
    this.unfilled.push({ symbol, asked, notes });
    this.note(symbol, asked, notes);
  }

  missing(symbol: string, range: TimeRange): Promise<TimeRange[]> {
    return Promise.resolve(this.gaps(symbol, range));
  }

  minutes(symbol: string, { start, end }: TimeRange): Promise<readonly MinuteCandle[]> {
    const inRange = this.storedOf(symbol).filter(({ openTime }) => openTime >= start && openTime < end);
    return Promise.resolve(inRange.sort((a, b) => a.openTime - b.openTime));
  }

  lastMinute(symbol: string): Promise<EpochMicros | undefined> {
    const times = this.storedOf(symbol).map(({ openTime }) => openTime);
    return Promise.resolve(times.length === 0 ? undefined : Math.max(...times));
  }

  /** Why minutes of the range are missing. */
  reasons(symbol: string, range: TimeRange): Promise<ExplainedRange[]> {
    const notes = [...(this.notes.get(symbol) ?? [])].sort((a, b) => a.start - b.start);
    return Promise.resolve(this.gaps(symbol, range).flatMap((gap) => [...explainMissing(gap, notes)]));
  }

  /** Does for candle events what the sink does. */
  take({ events }: EventBatch): void {
    for (const { kind, value } of events) if (kind === CANDLE_KIND.name) this.store(CANDLE_KIND.parse(value));
  }

  private storedOf(symbol: string): MinuteCandle[] {
    return [...this.stored.values()].filter((row) => row.symbol === symbol);
  }

  /** What the ledger of a symbol covers that nobody has begun to track. */
  private covered(symbol: string): TrackedSymbol | undefined {
    const rows = this.storedOf(symbol);
    if (rows.length === 0) return undefined;
    const captures = rows.flatMap((row) => this.captures.get(keyOf(row)) ?? [row]);
    const asked = this.ledgerStarts.get(symbol) ?? Infinity;
    return {
      symbol,
      trackedSince: Math.min(...captures.map(({ capturedAt }) => capturedAt)),
      ledgerStart: Math.min(asked, ...rows.map(({ openTime }) => floorTo(openTime, MINUTE))),
    };
  }

  private gaps(symbol: string, range: TimeRange): TimeRange[] {
    const ranges: TimeRange[] = [];
    const floor = this.floors.get(symbol) ?? -Infinity;
    for (let minute = range.start; minute < range.end; minute += MINUTE) {
      const key = `${symbol} ${minute}`;
      if (this.stopped.has(key) || (minute >= floor && this.stored.has(key))) continue;
      const last = ranges.at(-1);
      if (last?.end === minute) ranges[ranges.length - 1] = { start: last.start, end: minute + MINUTE };
      else ranges.push({ start: minute, end: minute + MINUTE });
    }
    return ranges;
  }

  private note(symbol: string, asked: TimeRange, notes: readonly ExplainedRange[]): void {
    this.notes.set(symbol, [...subtractRanges(this.notes.get(symbol) ?? [], [asked]), ...notes]);
  }

  private noteLeftOut(symbol: string, { leftOut }: Pick<FetchedMinutes, 'leftOut'>): void {
    for (const { detail, start, end } of leftOut) {
      for (const gap of this.gaps(symbol, { start, end })) this.note(symbol, gap, [{ ...gap, reason: detail }]);
    }
  }

  private store(candle: MinuteCandle): void {
    const key = keyOf(candle);
    const known = this.stored.get(key);
    this.arrange(key, known ? [...(this.captures.get(key) ?? [known]), candle] : [candle]);
    this.stopped.delete(key);
  }

  private arrange(key: string, captures: readonly MinuteCandle[]): void {
    this.captures.set(key, captures);
    const current = versionsOf(captures).versions.at(-1);
    if (current) this.stored.set(key, current);
  }

  /** Finds the stamps that are later than now, and puts what they are on in order. */
  private settled(now: EpochMicros): {
    readonly found: readonly ClockSpan[];
    readonly minutes: number;
    readonly retracked: readonly string[];
  } {
    const minutes = [...this.stored].map(([key, row]) => [key, this.captures.get(key) ?? [row]] as const);
    const closed = minutes.flatMap(([, captures]) => captures.filter((row) => closeOfMinute(row.openTime) <= now));
    const stamps = [
      ...closed.map(({ capturedAt }) => capturedAt),
      ...[...this.frames.values()].map(({ trackedSince }) => trackedSince),
    ].filter((stamp) => stamp > latestStamp(now));
    if (stamps.length === 0) return { found: [], minutes: 0, retracked: [] };
    const span = { start: Math.min(...stamps), end: Math.max(...stamps) + 1, until: now };
    const ahead = minutes.filter(([, captures]) =>
      captures.some(({ openTime, capturedAt }) => isStampedAhead([span], capturedAt, closeOfMinute(openTime))),
    );
    for (const [key, captures] of ahead) {
      this.arrange(
        key,
        captures.map((capture) => asCaptured(capture, [span])),
      );
    }
    const retracked = [...this.frames.values()].filter(
      ({ trackedSince }) => trackedSince >= span.start && trackedSince < span.end,
    );
    for (const frame of retracked) this.frames.set(frame.symbol, { ...frame, trackedSince: now });
    return { found: [span], minutes: ahead.length, retracked: retracked.map(({ symbol }) => symbol) };
  }

  /** @throws OriginMismatchError for data of another origin than what is stored */
  private async writing(origin?: string): Promise<void> {
    await Promise.resolve();
    if (this.fault) throw this.fault;
    if (origin === undefined) return;
    this.origin ??= origin;
    if (this.origin !== origin) throw new OriginMismatchError('STORAGE_PATH', this.origin, origin);
  }
}

function keyOf({ symbol, openTime }: Pick<MinuteCandle, 'symbol' | 'openTime'>): string {
  return `${symbol} ${floorTo(openTime, MINUTE)}`;
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
  /** What is kept of what processes said. */
  rows: readonly ProcessStatusRow[] = [];
  /** Thrown by every write. */
  fault: Error | undefined;

  async write(row: ProcessStatusRow): Promise<void> {
    await Promise.resolve();
    if (this.fault) throw this.fault;
    const others = this.rows.filter(
      ({ process, updatedAt }) =>
        process !== row.process &&
        process !== processOfInstance(row.process) &&
        Math.abs(row.updatedAt - updatedAt) <= SILENT_STATUS_KEPT,
    );
    this.rows = [...others, row];
  }
}
