import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from '@app/observability';

/** Longest time that a stop may take before the process ends anyway. */
const STOP_TIMEOUT_MS = 9_000;

/** Each asks for an end in order. */
export const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const satisfies readonly NodeJS.Signals[];

/** A terminal's Ctrl-C reaches the process and npm, which hands it on: signals this close together are one wish. */
const SAME_WISH_MS = 1_000;

export interface Listening {
  /** Address to open, with the port that was really taken. */
  readonly url: string;
}

/** Starts listening; returns where. */
export async function listen(app: NestFastifyApplication, port: number, host: string): Promise<Listening> {
  await app.listen(port, host);
  const { address, port: taken, family } = app.getHttpServer().address() as AddressInfo;
  const name = family === 'IPv6' ? `[${address}]` : address;
  const reachable = address === '0.0.0.0' || address === '::' ? 'localhost' : name;
  return { url: `http://${reachable}:${taken}` };
}

/**
 * On SIGTERM, SIGINT or SIGHUP (a terminal that is closed): stops accepting, closes idle connections, lets requests in flight finish, runs the shutdown
 * hooks of the modules and exits 0; exits 1 when that takes longer than 9 s or fails. Another signal, a second or more
 * later, exits at once.
 */
export function stopOnSignal(app: NestFastifyApplication, logger: Logger): void {
  let stoppingSince: number | undefined;
  const stop = (signal: NodeJS.Signals): void => {
    if (stoppingSince !== undefined) {
      if (performance.now() - stoppingSince >= SAME_WISH_MS) process.exit(1);
      return;
    }
    stoppingSince = performance.now();
    logger.info({ signal }, 'stopping');
    setTimeout(() => {
      logger.error('stopping took too long');
      process.exit(1);
    }, STOP_TIMEOUT_MS).unref();
    app.close().then(
      () => {
        logger.info('stopped');
        process.exit(0);
      },
      (error: unknown) => {
        logger.error({ err: error }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  for (const signal of STOP_SIGNALS) process.on(signal, stop);
}
