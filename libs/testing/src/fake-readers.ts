import {
  CandleReader,
  compareCodePoints,
  CoverageReader,
  DAY,
  DailyBarReader,
  PriceEventReader,
  STORE_READY,
  StoreNotReadyError,
  StoreStatus,
  SymbolReader,
  type DailyBar,
  type PriceEvent,
  type PriceEventKey,
  type LostLines,
  type ProcessStatusRow,
  type StoredCandle,
  type CandleInterval,
  type StoreReadiness,
  type SymbolCoverage,
  type SymbolSummary,
  type TimeKey,
  type TimeRange,
} from '@app/domain';

/** A store in memory: what is put into these arrays is what the fake readers serve. */
export class FakeStore {
  readonly events: PriceEvent[] = [];
  readonly candles: Partial<Record<CandleInterval, StoredCandle[]>> = { '1m': [], '1h': [], '1d': [] };
  readonly bars: DailyBar[] = [];
  readonly coverage: SymbolCoverage[] = [];
  readonly summaries: SymbolSummary[] = [];
  readonly processes: ProcessStatusRow[] = [];
  readiness: StoreReadiness = STORE_READY;
  origin: string | null = 'simulator:test';
  damaged: string[] = [];
  altered: string[] = [];
  readonly lostLines: LostLines[] = [];
  /** Events stamped ahead of their time, which are not among {@link events}. */
  eventsAhead = 0;
  version = 1;
  /** How often rows were read. */
  reads = 0;

  /** Call after a change. */
  changed(): void {
    this.version += 1;
  }

  /** Rejects while the store is not ready. */
  open(): Promise<void> {
    const { ready, reason } = this.readiness;
    return ready ? Promise.resolve() : Promise.reject(new StoreNotReadyError(reason));
  }

  async read(): Promise<void> {
    await this.open();
    this.reads += 1;
  }
}

type Keyed<Row> = (row: Row) => TimeKey;

const sourceOf = (key: TimeKey | PriceEventKey): string => ('source' in key ? key.source : '');

const byKey = (a: TimeKey, b: TimeKey, direction: 1 | -1): number =>
  direction * (a.time - b.time) ||
  compareCodePoints(a.symbol, b.symbol) ||
  direction * compareCodePoints(sourceOf(a), sourceOf(b));

function page<Row>(
  rows: readonly Row[],
  key: Keyed<Row>,
  {
    symbols,
    range,
    limit,
    after,
    direction = 1,
  }: {
    symbols: readonly string[];
    range: Partial<TimeRange>;
    limit: number;
    after: TimeKey | undefined;
    direction?: 1 | -1;
  },
): Row[] {
  return rows
    .filter((row) => {
      const { time, symbol } = key(row);
      return symbols.includes(symbol) && time >= (range.start ?? -Infinity) && time < (range.end ?? Infinity);
    })
    .filter((row) => !after || byKey(key(row), after, direction) > 0)
    .sort((a, b) => byKey(key(a), key(b), direction))
    .slice(0, limit);
}

const eventKey = ({ timestamp, symbol, source }: PriceEvent): PriceEventKey => ({ time: timestamp, symbol, source });

export class FakePriceEventReader extends PriceEventReader {
  constructor(private readonly store: FakeStore) {
    super();
  }

  async latest(symbols: readonly string[], limit: number, after?: PriceEventKey): Promise<PriceEvent[]> {
    await this.store.read();
    return page(this.store.events, eventKey, { symbols, range: {}, limit, after, direction: -1 });
  }

  async range(
    symbols: readonly string[],
    range: TimeRange,
    limit: number,
    after?: PriceEventKey,
  ): Promise<PriceEvent[]> {
    await this.store.read();
    return page(this.store.events, eventKey, { symbols, range, limit, after });
  }

  countAhead(): Promise<number> {
    return Promise.resolve(this.store.eventsAhead);
  }

  async newest(symbols: readonly string[]): Promise<PriceEvent[]> {
    const events = await this.latest(symbols, Infinity);
    return [...symbols].sort(compareCodePoints).flatMap((symbol) => {
      const newest = events.find((event) => event.symbol === symbol);
      return newest ? [newest] : [];
    });
  }
}

export class FakeCandleReader extends CandleReader {
  constructor(private readonly store: FakeStore) {
    super();
  }

  async range(
    symbols: readonly string[],
    interval: CandleInterval,
    range: Partial<TimeRange>,
    limit: number,
    after?: TimeKey,
  ): Promise<StoredCandle[]> {
    await this.store.read();
    const key = ({ openTime, symbol }: StoredCandle): TimeKey => ({ time: openTime, symbol });
    return page(this.store.candles[interval] ?? [], key, { symbols, range, limit, after });
  }
}

export class FakeDailyBarReader extends DailyBarReader {
  constructor(private readonly store: FakeStore) {
    super();
  }

  async spans(symbols: readonly string[]): Promise<TimeRange[]> {
    await this.store.read();
    return symbols.flatMap((name) => {
      const dates = this.store.bars.filter(({ symbol }) => symbol === name).map(({ date }) => date);
      return dates.length === 0 ? [] : { start: Math.min(...dates), end: Math.max(...dates) + DAY };
    });
  }

  async countDates(symbols: readonly string[], range: TimeRange): Promise<number> {
    return (await this.bars(symbols, range)).length;
  }

  async bars(symbols: readonly string[], range: TimeRange): Promise<DailyBar[]> {
    await this.store.read();
    const key = ({ date, symbol }: DailyBar): TimeKey => ({ time: date, symbol });
    return page(this.store.bars, key, { symbols, range, limit: Infinity, after: undefined });
  }
}

export class FakeCoverageReader extends CoverageReader {
  constructor(private readonly store: FakeStore) {
    super();
  }

  async ranges(
    symbols: readonly string[],
    range: Partial<TimeRange>,
    limit: number,
    after?: TimeKey,
  ): Promise<SymbolCoverage[]> {
    await this.store.read();
    const key = ({ start, symbol }: SymbolCoverage): TimeKey => ({ time: start, symbol });
    return page(this.store.coverage, key, { symbols, range, limit, after });
  }
}

export class FakeSymbolReader extends SymbolReader {
  constructor(private readonly store: FakeStore) {
    super();
  }

  async known(): Promise<string[]> {
    await this.store.read();
    return this.store.summaries.map(({ symbol }) => symbol).sort(compareCodePoints);
  }

  async summaries(symbols: readonly string[]): Promise<SymbolSummary[]> {
    await this.store.read();
    return symbols.flatMap((name) => this.store.summaries.filter(({ symbol }) => symbol === name));
  }
}

export class FakeStoreStatus extends StoreStatus {
  constructor(private readonly store: FakeStore) {
    super();
  }

  readiness(): StoreReadiness {
    return this.store.readiness;
  }

  async version(): Promise<string> {
    await this.store.open();
    return String(this.store.version);
  }

  async origin(): Promise<string | null> {
    await this.store.open();
    return this.store.origin;
  }

  async damagedFiles(): Promise<string[]> {
    await this.store.open();
    return this.store.damaged;
  }

  async alteredFiles(): Promise<string[]> {
    await this.store.open();
    return this.store.altered;
  }

  async lostLines(): Promise<LostLines[]> {
    await this.store.open();
    return this.store.lostLines;
  }

  async processes(): Promise<ProcessStatusRow[]> {
    await this.store.open();
    return this.store.processes;
  }
}
