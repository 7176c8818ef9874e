import { checkEvent, HOUR, latestStamp, MINUTE, type EpochMicros, type EventKind } from '@app/domain';
import { describeTable, type RowOf } from '../rows/table';
import { ask, byKeys, inRanges, type Inquiry, type KeyRange, type Unit } from '../rows/unit';
import type { KindOutcome } from './kind-outcome';
import { BRONZE_ONLY_FACT, STORE_FACTS } from './store-facts';

/** How long the key of an event is remembered: a broker or spool that brings it again later than this doubles it. */
const REMEMBERED: EpochMicros = 48 * HOUR;
const FORGET_EVERY: EpochMicros = 10 * MINUTE;

/**
 * Keys of what was taken, where there are no rows. A repeat that an earlier version of this program kept without its line
 * has that here: it is written if the repeat becomes a version.
 */
export const TAKEN_KEYS = describeTable(
  'taken_keys',
  ['kind', 'symbol', 'time', 'source', 'capturedAt', 'numbersHash'],
  {
    kind: 'text',
    symbol: 'text',
    time: 'integer',
    source: 'text',
    capturedAt: 'time',
    numbersHash: 'text',
    line: 'text?',
  },
  (row) => [row.kind, row.symbol, row.time, row.source, row.capturedAt, row.numbersHash, row.line],
);

/** The same keys in the order in which they are forgotten. */
export const TAKEN_KEYS_BY_AGE = describeTable(
  'taken_keys',
  ['capturedAt', 'kind', 'symbol', 'time', 'source', 'numbersHash'],
  { kind: 'text', symbol: 'text', time: 'integer', source: 'text', capturedAt: 'time', numbersHash: 'text' },
);

type TakenKey = RowOf<typeof TAKEN_KEYS>;

/** What is common to the units of all kinds of a store. */
export class KeyMemory {
  private forgottenAt = -Infinity;

  /** @param hashOf what is remembered of the content of a capture */
  constructor(readonly hashOf: (content: string) => string) {}

  /** Before when keys are forgotten by now; undefined most of the time, for they lie all over the table. */
  forgetsBefore(time: EpochMicros): EpochMicros | undefined {
    if (time - this.forgottenAt < FORGET_EVERY) return undefined;
    this.forgottenAt = time;
    return time - REMEMBERED;
  }
}

/** What becomes of captures. */
interface Taken {
  readonly outcomes: KindOutcome['outcomes'][number][];
  readonly kept: boolean[];
  readonly added: TakenKey[];
  /** Keys whose lines were not written when they came, and that are versions now. */
  readonly promoted: TakenKey[];
}

/**
 * Accepts events of which a store keeps no rows, but the keys. A line is written once here too: of what may be revised,
 * every capture that differs from those known in its time or its content, as where there are rows.
 */
export function* takenKeysUnit<Event>(
  kind: EventKind<Event>,
  events: readonly Event[],
  now: EpochMicros,
  memory: KeyMemory,
): Unit<KindOutcome> {
  const captures = events.map((event): TakenKey => {
    const { symbol, time, source } = kind.keyOf(event);
    const content = kind.contentOf?.(event);
    const numbersHash = content === undefined ? '' : memory.hashOf(content);
    return { kind: kind.name, symbol, time, source, capturedAt: kind.capturedAt(event), numbersHash, line: null };
  });
  const { outcomes, kept, added, promoted } = yield* kind.contentOf ? takeCaptures(captures) : takeOnce(captures);
  const newest = captures.at(-1);
  // A clock that was ahead would have what is young forgotten.
  const time = newest && Math.min(newest.capturedAt, latestStamp(now));
  const forgotten = time === undefined ? undefined : memory.forgetsBefore(time);
  return {
    outcome: {
      outcomes,
      kept,
      promoted: promoted.flatMap(({ line }) => (line === null ? [] : [checkEvent(kind, line)])),
      // Nothing can be read here, so there is nothing to tell a reader of.
      changes: [],
    },
    changes: [
      { kind: 'add', table: TAKEN_KEYS, rows: added },
      { kind: 'put', table: TAKEN_KEYS, rows: promoted.map((key) => ({ ...key, line: null })) },
      {
        kind: 'ensure',
        table: STORE_FACTS,
        rows: time === undefined ? [] : [{ name: BRONZE_ONLY_FACT, value: String(time) }],
      },
      {
        kind: 'remove',
        table: TAKEN_KEYS_BY_AGE,
        ranges: forgotten === undefined ? [] : [{ prefix: [], until: forgotten }],
      },
    ],
  };
}

/** Of keys that are accepted once, whenever they were captured. */
function* takeOnce(captures: readonly TakenKey[]): Inquiry<Taken> {
  // The rows tell captures apart, too. What is captured at the time that it speaks of is the same capture each time.
  const [exact, whenever]: [TakenKey[], TakenKey[]] = [[], []];
  for (const capture of captures) (isOfItsTime(capture) ? exact : whenever).push(capture);
  const [same, others] = yield* ask(
    byKeys(
      TAKEN_KEYS,
      exact.map((capture) => TAKEN_KEYS.keyOf(capture)),
    ),
    inRanges(
      TAKEN_KEYS,
      whenever.map(({ kind, symbol, time, source }) => ({ prefix: [kind, symbol, time, source], only: 'first' })),
    ),
  );
  const [known, knownExactly] = [new Set<string>(), new Set<string>()];
  const learn = (capture: TakenKey): void => {
    known.add(keyText(capture));
    if (isOfItsTime(capture) && capture.numbersHash === '') knownExactly.add(keyText(capture));
  };
  for (const stored of [...same, ...others.flat()]) if (stored) learn(stored);
  const added: TakenKey[] = [];
  const kept = captures.map((capture) => {
    const isNew = !(isOfItsTime(capture) ? knownExactly : known).has(keyText(capture));
    learn(capture);
    if (isNew) added.push(capture);
    return isNew;
  });
  return { outcomes: kept.map((isNew) => (isNew ? 'taken' : 'repeat')), kept, added, promoted: [] };
}

function isOfItsTime({ time, capturedAt }: TakenKey): boolean {
  return capturedAt === time;
}

function keyText({ symbol, time, source }: TakenKey): string {
  return JSON.stringify([symbol, time, source]);
}

/** Of keys that may be revised, whichever source says so. */
function* takeCaptures(captures: readonly TakenKey[]): Inquiry<Taken> {
  const keys = new Map<string, RevisedKey>();
  const ranges: KeyRange[] = [];
  const ofCaptures = captures.map(({ kind, symbol, time }) => {
    const text = `${time} ${symbol}`;
    let key = keys.get(text);
    if (!key) {
      keys.set(text, (key = new RevisedKey()));
      ranges.push({ prefix: [kind, symbol, time] });
    }
    return key;
  });
  const [stored] = yield* ask(inRanges(TAKEN_KEYS, ranges));
  for (const [index, key] of [...keys.values()].entries()) key.learn(stored[index] ?? []);
  const taken: Taken = { outcomes: [], kept: [], added: [], promoted: [] };
  for (const [index, capture] of captures.entries()) ofCaptures[index]?.take(capture, taken);
  return taken;
}

/** A key that may be revised, in the course of a unit. */
class RevisedKey {
  /** Ascending by capture. */
  private captures: TakenKey[] = [];

  learn(stored: readonly TakenKey[]): void {
    this.captures = [...stored].sort((a, b) => a.capturedAt - b.capturedAt);
  }

  take(capture: TakenKey, taken: Taken): void {
    const { captures } = this;
    const { capturedAt, numbersHash } = capture;
    const sameInstant = captures.filter((known) => known.capturedAt === capturedAt);
    const isKnown = sameInstant.some((known) => known.numbersHash === numbersHash);
    taken.kept.push(!isKnown);
    if (isKnown) {
      taken.outcomes.push('repeat');
      return;
    }
    taken.added.push(capture);
    const before = lastInstant(captures.filter((known) => known.capturedAt < capturedAt));
    const after = firstInstant(captures.filter((known) => known.capturedAt > capturedAt));
    this.learn([...captures, capture]);
    if (sameInstant.length === 0 && before.length > 0 && before.every((known) => known.numbersHash === numbersHash)) {
      taken.outcomes.push('repeat');
      return;
    }
    // Those of the same instant may come after this one, and then are no repeats of what was before.
    const followers = after.filter((known) => known.numbersHash !== numbersHash || sameInstant.length > 0);
    const promoted = [...sameInstant, ...followers].filter(({ line }) => line !== null);
    taken.promoted.push(...promoted);
    this.captures = this.captures.map((known) => (promoted.includes(known) ? { ...known, line: null } : known));
    // An earlier capture of a version that was known adds none.
    const isKnownVersion = after.length > 0 && after.every((known) => known.numbersHash === numbersHash);
    taken.outcomes.push(captures.length === 0 || isKnownVersion ? 'taken' : 'revision');
  }
}

/** Of ascending captures, those of the last instant. */
function lastInstant(captures: readonly TakenKey[]): TakenKey[] {
  return captures.filter(({ capturedAt }) => capturedAt === captures.at(-1)?.capturedAt);
}

/** Of ascending captures, those of the first instant. */
function firstInstant(captures: readonly TakenKey[]): TakenKey[] {
  return captures.filter(({ capturedAt }) => capturedAt === captures[0]?.capturedAt);
}
