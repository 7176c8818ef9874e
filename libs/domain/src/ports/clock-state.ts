import { DAY, healthReason, HOUR, MINUTE, SECOND, type EpochMicros } from '../model';
import { CLOCK_TOLERANCE, type ClockAlignment } from './clock.port';

/**
 * `unknown`: the exchange has not told its time. `skewed`: the local clock is more than two seconds away from it.
 * `corrected`: it was more than five seconds away, and the exchange's time is used instead.
 */
export type ClockStateName = 'unknown' | 'ok' | 'skewed' | 'corrected';

export interface ClockState {
  readonly state: ClockStateName;
  /** One readable line; empty when all is well. */
  readonly detail: string;
}

/**
 * @param refusal - why the exchange's time could not be read last; empty when it could, or was not asked for
 * @param used - what is done by the exchange's time where that is followed
 */
export function clockStateOf(
  alignment: ClockAlignment,
  refusal = '',
  used = 'events are stamped and schedules run',
): ClockState {
  const reading = alignment.offset();
  if (reading === undefined) {
    if (refusal === '') return { state: 'unknown', detail: '' };
    const detail = healthReason`the exchange does not tell its time (${refusal}): the local clock is used`;
    return { state: 'unknown', detail };
  }
  const { offset, age } = reading;
  const stale = refusal === '' ? '' : `; read ${spanText(age)} ago, and not since (${refusal})`;
  const away = healthReason`the local clock is ${spanText(Math.abs(offset))} ${offset < 0 ? 'ahead of' : 'behind'} the exchange's`;
  if (alignment.followsExchange) {
    const remedy = `${used} by the time of the exchange; set the clock of this machine`;
    return { state: 'corrected', detail: `${away}: ${remedy}${stale}` };
  }
  if (Math.abs(offset) > CLOCK_TOLERANCE) return { state: 'skewed', detail: `${away}${stale}` };
  return { state: 'ok', detail: '' };
}

/** `3.2 s`, `4 min`, `26.0 h`, `400.0 days`. */
function spanText(span: EpochMicros): string {
  if (span < 2 * MINUTE) return `${(span / SECOND).toFixed(1)} s`;
  if (span < 2 * HOUR) return `${Math.round(span / MINUTE)} min`;
  return span < 2 * DAY ? `${(span / HOUR).toFixed(1)} h` : `${(span / DAY).toFixed(1)} days`;
}
