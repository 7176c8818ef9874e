import type { MinuteCandle, RaisedRevision } from '@app/domain';
import { firstRevision } from '../candle-versions';
import { describeTable } from '../rows/table';
import { ask, byKeys, inRanges, type Inquiry, type KeyRange, type Unit } from '../rows/unit';
import { STOP_NOTES } from './stops-unit';

/** Minutes whose versions were put in another order after they had been served, with the revision of the first one. */
export const FIRST_REVISIONS = describeTable('first_revisions', ['symbol', 'openTime'], {
  symbol: 'text',
  openTime: 'time',
  revision: 'integer',
});

type MinuteKey = Pick<MinuteCandle, 'symbol' | 'openTime'>;

const ANY: readonly KeyRange[] = [{ prefix: [], only: 'first' }];

/**
 * Finds which revision the first version of each minute is: a higher one where other answers have been given under those
 * below.
 */
export function* firstRevisionsOf(minutes: readonly MinuteKey[]): Inquiry<readonly number[]> {
  const revisions = minutes.map(() => firstRevision(false));
  if (minutes.length === 0) return revisions;
  const [[notes = []], [raised = []]] = yield* ask(inRanges(STOP_NOTES, ANY), inRanges(FIRST_REVISIONS, ANY));
  if (notes.length + raised.length === 0) return revisions;

  // What is captured live lies behind all of them, so that little more is asked of it.
  const last = [...new Set(minutes.map(({ symbol }) => symbol))].map((symbol): KeyRange => ({
    prefix: [symbol],
    only: 'last',
  }));
  const [lastNotes, lastRaised] = yield* ask(
    inRanges(STOP_NOTES, notes.length > 0 ? last : []),
    inRanges(FIRST_REVISIONS, raised.length > 0 ? last : []),
  );
  const notedUntil = new Map(lastNotes.flat().map(({ symbol, endTime }) => [symbol, endTime]));
  const raisedUntil = new Map(lastRaised.flat().map(({ symbol, openTime }) => [symbol, openTime]));
  const places = [...minutes.entries()];
  const noted = places.filter(([, { symbol, openTime }]) => openTime < (notedUntil.get(symbol) ?? -Infinity));
  const held = places.filter(([, { symbol, openTime }]) => openTime <= (raisedUntil.get(symbol) ?? -Infinity));
  const [notesBefore, revisionsOf] = yield* ask(
    inRanges(
      STOP_NOTES,
      noted.map(([, { symbol, openTime }]) => ({ prefix: [symbol], until: openTime + 1, only: 'last' })),
    ),
    byKeys(
      FIRST_REVISIONS,
      held.map(([, { symbol, openTime }]) => [symbol, openTime]),
    ),
  );
  for (const [index, [place, { openTime }]] of noted.entries()) {
    const note = notesBefore[index]?.[0];
    revisions[place] = firstRevision(note !== undefined && openTime < note.endTime);
  }
  for (const [index, [place]] of held.entries()) {
    revisions[place] = Math.max(revisions[place] ?? 0, revisionsOf[index]?.revision ?? 0);
  }
  return revisions;
}

/** Lets the versions of a minute count from a higher revision on, for good. */
export function* raiseUnit({ symbol, openTime, revision }: RaisedRevision): Unit<void> {
  const [[known]] = yield* ask(byKeys(FIRST_REVISIONS, [[symbol, openTime]]));
  const rows = known && known.revision >= revision ? [] : [{ symbol, openTime, revision }];
  return { outcome: undefined, changes: [{ kind: 'put', table: FIRST_REVISIONS, rows }] };
}
