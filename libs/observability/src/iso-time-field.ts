/** Length of `2026-01-15T14:03:22.`, which is the same for all of a second. */
const SECOND_LENGTH = 20;

/**
 * Writes the time field of a log line: `,"time":"2026-01-15T14:03:22.913Z"`, UTC, as pino's own `isoTime` does. Lines come
 * many to a second, and writing out a date takes a third of the time of a line: all but the milliseconds is kept.
 */
export function isoTimeField(now: () => number = Date.now): () => string {
  let second = NaN;
  let start = '';
  return () => {
    const time = now();
    const millisecond = time % 1_000;
    if (time - millisecond !== second) {
      second = time - millisecond;
      start = `,"time":"${new Date(second).toISOString().slice(0, SECOND_LENGTH)}`;
    }
    return `${start}${String(millisecond).padStart(3, '0')}Z"`;
  };
}
