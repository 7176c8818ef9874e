import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@app/observability';
import { BackfillUseCase } from './backfill.use-case';

const STOP_MILLIS = 3_000;

/** Runs the backfill beside live capture. */
@Injectable()
export class BackfillRunner {
  private abort = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly backfill: BackfillUseCase,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  start(): void {
    this.abort = new AbortController();
    this.running = this.backfill.execute(this.abort.signal).catch((error: unknown) => {
      this.logger.error({ err: error }, 'backfill failed');
    });
  }

  /** The page in hand is stored or dropped whole; the next start goes on from what is missing. */
  async stop(): Promise<void> {
    this.abort.abort();
    await Promise.race([this.running, delay(STOP_MILLIS, undefined, { ref: false })]);
  }
}
