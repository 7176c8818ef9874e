import {
  asCaptured,
  type CandleChange,
  type ClockSpan,
  type EpochMicros,
  type MinuteCandle,
  type RaisedRevision,
} from '@app/domain';
import {
  dailyMetricsUnit,
  metricsReaches,
  MonthsBefore,
  rollUpUnit,
  runUnit,
  type ChangedCandle,
  type RollUpMinute,
  type Rows,
  type VersionOutcome,
} from '@app/history';
import type { SqliteHandle } from '../database/sqlite-connection';
import { FirstRevisions } from '../ledger/first-revisions';
import { SqliteRows } from '../rows/sqlite-rows';
import { MinuteLedgerWriter } from './minute-ledger.writer';
import { MinuteVersionsWriter } from './minute-versions.writer';
import { RemovedDays } from './removed-days';

/** What became of a candle that was offered. */
export type CandleFate = VersionOutcome['fate'];

export interface CandleOutcome {
  /** Of each candle, in the order given. */
  readonly fates: readonly CandleFate[];
  /** Of each candle, whether the tables have it now and had it not before. */
  readonly kept: readonly boolean[];
  /** Candles that were kept as repeats without a line, by an earlier version of this program, and are versions now. */
  readonly surfaced: readonly MinuteCandle[];
  /** Minutes that got another current version, in the order in which they got it. */
  readonly changed: readonly CandleChange[];
}

/** What became of minutes whose captures were put in another order. */
export interface RestampedMinutes extends Pick<CandleOutcome, 'surfaced' | 'changed'> {
  /** Those that count from a higher revision on now. */
  readonly raised: readonly RaisedRevision[];
}

interface SymbolChange {
  readonly added: Map<EpochMicros, RollUpMinute>;
  readonly revised: Set<EpochMicros>;
  /** By open time, as each stands at last. */
  readonly changed: Map<EpochMicros, ChangedCandle>;
}

/**
 * Writes closed minutes to silver with their revisions, roll-ups and ledger. Inside write units only.
 *
 * The tables depend on the set of candles written and not on their order, on repeats, or on how they were divided into
 * units: what is stored of a minute is the outcome of `versionsOf` over its captures and of whether it had been noted as
 * stopped, and hours, days and ledger follow from the stored minutes.
 */
export class CandleWriter {
  private readonly versions: MinuteVersionsWriter;
  private readonly removedDays: RemovedDays;
  private readonly firstRevisions: FirstRevisions;
  private readonly rows: Rows;
  private readonly months = new MonthsBefore();
  private readonly ledger: MinuteLedgerWriter;

  constructor(database: SqliteHandle) {
    this.versions = new MinuteVersionsWriter(database);
    this.removedDays = new RemovedDays(database);
    this.firstRevisions = new FirstRevisions(database);
    this.rows = new SqliteRows(database);
    this.ledger = new MinuteLedgerWriter(database);
  }

  /**
   * Takes the candles and brings hours, days and ledger up to date. `spans` are the stamps that a clock which was ahead
   * may have given to them.
   */
  write(given: readonly MinuteCandle[], spans: readonly ClockSpan[] = []): CandleOutcome {
    const candles = spans.length === 0 ? given : given.map((candle) => asCaptured(candle, spans));
    const changes = new Map<string, SymbolChange>();
    const surfaced: MinuteCandle[] = [];
    const changed: CandleChange[] = [];
    const kept: boolean[] = [];
    const isRemoved = this.removedDays.lookup();
    const firstOf = this.firstRevisions.lookup();
    const fates = candles.map((candle): CandleFate => {
      if (isRemoved(candle)) {
        kept.push(false);
        return 'repeat';
      }
      const outcome = this.versions.take(candle, firstOf(candle));
      kept.push(outcome.isKept);
      if (outcome.fate !== 'repeat') note(changes, candle, outcome);
      surfaced.push(...outcome.surfaced);
      if (outcome.isNew || outcome.fate === 'revision') {
        changed.push({ symbol: candle.symbol, openTime: candle.openTime, revision: outcome.revision });
      }
      return outcome.fate;
    });
    this.follow(changes);
    return { fates, kept, surfaced, changed };
  }

  /** Puts the captures of stored minutes in order again once it is known which were stamped by a clock that was ahead. */
  restamp(symbol: string, openTimes: readonly EpochMicros[], spans: readonly ClockSpan[]): RestampedMinutes {
    const firstOf = this.firstRevisions.lookup();
    const raised: RaisedRevision[] = [];
    const change: SymbolChange = { added: new Map(), revised: new Set(openTimes), changed: new Map() };
    const surfaced: MinuteCandle[] = [];
    const changed: CandleChange[] = [];
    for (const openTime of openTimes) {
      const first = firstOf({ symbol, openTime });
      const outcome = this.versions.restamp(symbol, openTime, first, spans);
      if (!outcome) continue;
      if (outcome.first > first) raised.push({ symbol, openTime, revision: outcome.first });
      const { tradeCount, firstCapturedAt, revision } = outcome;
      change.changed.set(openTime, { openTime, tradeCount, firstCapturedAt, isNew: false });
      surfaced.push(...outcome.surfaced);
      if (outcome.isRevised) changed.push({ symbol, openTime, revision });
    }
    if (change.changed.size > 0) this.follow(new Map([[symbol, change]]));
    for (const one of raised) this.firstRevisions.raise(one);
    return { surfaced, changed, raised };
  }

  /** Accounts for stored minutes that the ledger had left out. */
  account(symbol: string, openTimes: readonly EpochMicros[]): void {
    if (openTimes.length === 0) return;
    // What is read back says the rest.
    const minutes = openTimes.map((openTime) => ({ openTime, tradeCount: 0, firstCapturedAt: Infinity, isNew: false }));
    this.ledger.account(symbol, minutes);
  }

  /** Brings hours, days, metrics and ledger after the minutes. */
  private follow(changes: ReadonlyMap<string, SymbolChange>): void {
    const changedMinutes = [...changes].map(([symbol, { added, revised }]) => ({
      symbol,
      added: [...added.values()],
      revised: [...revised],
    }));
    runUnit(this.rows, rollUpUnit(changedMinutes));
    const changedMetrics = [...changes].flatMap(([symbol, { changed }]) =>
      metricsReaches(changed.keys()).map((dates) => ({ symbol, dates })),
    );
    runUnit(this.rows, dailyMetricsUnit(changedMetrics, this.months));
    for (const [symbol, { changed }] of changes) this.ledger.account(symbol, [...changed.values()]);
  }
}

function note(
  changes: Map<string, SymbolChange>,
  candle: MinuteCandle,
  { isNew, revision, firstCapturedAt }: VersionOutcome,
): void {
  const { symbol, openTime, tradeCount } = candle;
  const change: SymbolChange = changes.get(symbol) ?? {
    added: new Map(),
    revised: new Set(),
    changed: new Map(),
  };
  changes.set(symbol, change);
  // A minute that was added and changed in the same unit is read back with its final numbers.
  if (isNew) change.added.set(openTime, { ...candle, revision });
  else change.revised.add(openTime);
  change.changed.set(openTime, { openTime, tradeCount, firstCapturedAt, isNew });
}
