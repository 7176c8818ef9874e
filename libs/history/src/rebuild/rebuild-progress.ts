import { subtractRanges, type EpochMicros, type RebuildLoss, type RecordedFetch, type TimeRange } from '@app/domain';
import { ask, byKeys, type Inquiry, type Unit } from '../rows/unit';
import { missingMinutesIn, stoppedUnit } from '../units/stops-unit';
import {
  REBUILD_LOSSES_FACT,
  REBUILD_POSITION_FACT,
  REBUILD_SOURCE_FACT,
  REBUILT_AT_FACT,
  STORE_FACTS,
} from '../units/store-facts';
import { unfilledUnit } from '../units/unfilled-unit';

/** How far a store that is made anew has come with the fetches of the manifest. */
export interface RebuildProgress {
  /** The first line of the manifest that has not been looked at. */
  readonly position: number;
  /** Why fetches could not be repeated, by the numbers of their lines. */
  readonly losses: ReadonlyMap<number, string>;
}

export function* rebuildProgress(): Inquiry<RebuildProgress> {
  const [[position, losses]] = yield* ask(byKeys(STORE_FACTS, [[REBUILD_POSITION_FACT], [REBUILD_LOSSES_FACT]]));
  const reasons = Object.entries(JSON.parse(losses?.value ?? '{}') as Readonly<Record<string, string>>);
  return {
    position: Number(position?.value ?? 0),
    losses: new Map(reasons.map(([line, reason]) => [Number(line), reason])),
  };
}

/** Notes that a fetch has been looked at, and why nothing came of it; undefined where its rows are there. */
export function* settleUnit({ line }: Pick<RecordedFetch, 'line'>, loss: string | undefined): Unit<void> {
  const { position, losses: before } = yield* rebuildProgress();
  const losses = new Map(before);
  if (loss === undefined) losses.delete(line);
  else losses.set(line, loss);
  const facts = [
    { name: REBUILD_LOSSES_FACT, value: JSON.stringify(Object.fromEntries(losses)) },
    { name: REBUILD_POSITION_FACT, value: String(Math.max(position, line + 1)) },
  ];
  return { outcome: undefined, changes: [{ kind: 'put', table: STORE_FACTS, rows: facts }] };
}

/** Fetches whose rows are not there: those that were not looked at, and once more those that could not be had. */
export function remainingFetches(
  fetches: readonly RecordedFetch[],
  { position, losses }: RebuildProgress,
): RecordedFetch[] {
  return fetches.filter(({ line }) => line >= position || losses.has(line));
}

export function lossOfFetch(
  { line, symbol, range, kind }: RecordedFetch,
  { losses }: RebuildProgress,
): RebuildLoss | undefined {
  const reason = losses.get(line);
  return reason === undefined ? undefined : { what: symbol, range, reason: `${kind}: ${reason}` };
}

/** A stop, as the manifest records it. */
export interface RecordedStop {
  readonly symbol: string;
  readonly range: TimeRange;
  readonly notedAt: EpochMicros;
}

/** Records what is missing of a recorded stop as stopped, apart from minutes of fetches that may have had rows. */
function* stopAgainUnit({ symbol, range, notedAt }: RecordedStop, unknown: readonly TimeRange[]): Unit<void> {
  const missing = yield* missingMinutesIn(symbol, range);
  return yield* stoppedUnit(symbol, subtractRanges(missing, unknown), notedAt);
}

/** Records all stops anew, one after the other, once no fetch is left to be repeated. */
export function stopsAgain(
  stops: readonly RecordedStop[],
  fetches: readonly RecordedFetch[],
  { losses }: RebuildProgress,
): Unit<void>[] {
  const lost = fetches.filter(({ line }) => losses.has(line));
  return stops.map((stop) => {
    const unknown = lost.filter(({ symbol }) => symbol === stop.symbol).map(({ range }) => range);
    return stopAgainUnit(stop, unknown);
  });
}

/**
 * What ends a rebuild, unit by unit: minutes of fetches that are given up are missing from now on, and `gaps` will be asked
 * why. `now` is the time of the market, `realNow` that of the machine.
 */
export function unitsAtEnd(
  fetches: readonly RecordedFetch[],
  { losses }: RebuildProgress,
  { now, realNow }: { readonly now: EpochMicros; readonly realNow: EpochMicros },
): Unit<void>[] {
  const notes = fetches.flatMap(({ line, symbol, range, kind }) => {
    const reason = losses.get(line);
    if (reason === undefined) return [];
    const note = { ...range, reason: `${kind} not repeated: ${reason}`, askedAt: now };
    return [unfilledUnit(symbol, range, [note])];
  });
  return [...notes, finishedUnit(realNow)];
}

function* finishedUnit(realNow: EpochMicros): Unit<void> {
  const facts = [REBUILD_POSITION_FACT, REBUILD_LOSSES_FACT, REBUILD_SOURCE_FACT];
  const [found] = yield* ask(
    byKeys(
      STORE_FACTS,
      facts.map((name) => [name] as const),
    ),
  );
  return {
    outcome: undefined,
    changes: [
      { kind: 'put', table: STORE_FACTS, rows: [{ name: REBUILT_AT_FACT, value: String(realNow) }] },
      { kind: 'remove', table: STORE_FACTS, keys: found.flatMap((fact) => (fact ? [[fact.name]] : [])) },
    ],
  };
}
