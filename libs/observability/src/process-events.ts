import type { Logger } from './logger';

/** Exit code of a process that an error ended which nobody caught; Node's own. */
const UNCAUGHT_EXIT_CODE = 1;

type ProcessEvents = Pick<NodeJS.Process, 'on' | 'removeAllListeners' | 'exit'>;

/**
 * What Node itself would print as plain text between the JSON lines goes to the logger: warnings, and an error that
 * nobody caught, which ends the process as it does without this.
 */
export function logProcessEvents(logger: Logger, events: ProcessEvents = process): void {
  // Node's own listener is the one that prints.
  events.removeAllListeners('warning');
  events.on('warning', (warning) => {
    logger.warn({ err: warning }, `${warning.name}: ${warning.message}`);
  });
  // Unhandled rejections come here too.
  events.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, `an error that nobody caught ends the process: ${textOf(error)}`);
    events.exit(UNCAUGHT_EXIT_CODE);
  });
}

/** Anything can be thrown. */
function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
