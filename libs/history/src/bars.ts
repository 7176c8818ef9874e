import { completenessOf, LEDGER_DELAY, type EpochMicros, type MinuteAccount } from '@app/domain';

/** Whether a row of a table may still change, and when it last became what it is. */
export interface BarState {
  readonly isFinal: boolean;
  readonly changedAt: EpochMicros;
}

/**
 * The state of a row that candles make: a revision changes it, a change of its day's ledger (`accountedAt`, null where
 * there was none), or the end of its bucket.
 */
export function candleBarState(
  end: EpochMicros,
  capturedAt: EpochMicros,
  accountedAt: EpochMicros | null,
  account: MinuteAccount,
  now: EpochMicros,
): BarState {
  const { isFinal } = completenessOf(end, account, now);
  return { isFinal, changedAt: Math.max(capturedAt, accountedAt ?? 0, isFinal ? end : 0) };
}

/** The state of a row that polled prices make: those of a day are all in two minutes after its end. */
export function polledBarState(end: EpochMicros, lastTimestamp: EpochMicros, now: EpochMicros): BarState {
  const finalAt = end + LEDGER_DELAY;
  const isFinal = finalAt <= now;
  return { isFinal, changedAt: Math.max(lastTimestamp, isFinal ? finalAt : 0) };
}
