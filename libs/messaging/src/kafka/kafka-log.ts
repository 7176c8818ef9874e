import type { Logger } from '@app/observability';
import { logLevel, type LogEntry, type logCreator } from 'kafkajs';

/** A line that comes again within this time is for debugging only: a broker that is away is said once a minute. */
const REPEAT_MS = 60_000;
const REMEMBERED_LINES = 100;

/**
 * What kafkajs reports as an error is most often a failed try of several: whoever asked says what came of it.
 */
const PINO_LEVELS = {
  [logLevel.NOTHING]: 'debug',
  [logLevel.ERROR]: 'warn',
  [logLevel.WARN]: 'info',
  [logLevel.INFO]: 'debug',
  [logLevel.DEBUG]: 'trace',
} as const;

/** Sends what kafkajs says to the process's logger, as JSON like everything else. */
export function kafkaLogCreator(logger: Logger): logCreator {
  const saidAt = new Map<string, number>();

  function isRepeat(line: string): boolean {
    const now = performance.now();
    const last = saidAt.get(line);
    if (last !== undefined && now - last < REPEAT_MS) return true;
    if (saidAt.size >= REMEMBERED_LINES) saidAt.clear();
    saidAt.set(line, now);
    return false;
  }

  return () =>
    ({ namespace, level, log }: LogEntry): void => {
      const { message, stack, ...fields } = log;
      const context = { kafka: namespace, broker: fields['broker'] as unknown, error: fields['error'] as unknown };
      const pinoLevel = PINO_LEVELS[level];
      const repeated = pinoLevel !== 'trace' && isRepeat(`${namespace} ${message}`);
      logger[repeated ? 'debug' : pinoLevel](context, `kafkajs: ${message}`);
      if (typeof stack === 'string') logger.trace({ kafka: namespace, stack }, `kafkajs: ${message}`);
    };
}
