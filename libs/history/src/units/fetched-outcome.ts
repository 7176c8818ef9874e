import { eventToWrite, MINUTE, type EventKind, type MinuteCandle } from '@app/domain';
import { spans } from '../change-spans';
import type { EventsOutcome } from './kind-outcome';
import type { MinutesOutcome } from './minute-unit';

/**
 * What minutes leave behind that can be had again: bronze has where they came from, in place of their lines. A repeat that
 * an earlier version of this program kept without a line was received all the same, and nothing can bring it again.
 */
export function fetchedOutcome(
  kind: EventKind<MinuteCandle>,
  candles: readonly MinuteCandle[],
  { promoted, changed }: Pick<MinutesOutcome, 'promoted' | 'changed'>,
): EventsOutcome {
  const kept = promoted.map((candle) => eventToWrite(kind, candle));
  const stored = new Set(changed.map(({ openTime }) => openTime));
  const accepted = candles.filter(({ openTime }) => stored.has(openTime)).map((event) => ({ kind, event }));
  const items = spans(changed, ({ openTime }) => ({ start: openTime, end: openTime + MINUTE }));
  return { kept, accepted: [...kept, ...accepted], changes: [{ kind: 'history', items }] };
}
