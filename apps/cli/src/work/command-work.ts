import {
  Inject,
  Injectable,
  Module,
  type DynamicModule,
  type INestApplicationContext,
  type NestApplicationOptions,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClockModule, createClock } from '@app/clock';
import { ConfigModule } from '@app/config';
import { StoreNotReadyError } from '@app/domain';
import { hostFaultOf } from '@app/files';
import { limitHeapGrowth, STOP_SIGNALS, type ProcessParts } from '@app/http';
import { NestLogger, ObservabilityModule } from '@app/observability';
import { faultOf } from '@app/storage';
import { InterruptedError } from './interrupted.error';

/** What is there before any command runs. */
export type CliParts = Omit<ProcessParts, 'clock'>;

/** Injection token of {@link CliParts}. */
export const CLI_PARTS = Symbol('CliParts');

/** What a command needs beside configuration, clock and log. */
export type CommandModules = NonNullable<DynamicModule['imports']>;

/** What becomes of most work that is interrupted. */
const GOES_ON = 'what was done is kept, and the same command goes on from there';

/** What a store says to a process that stays; a command ends. */
const GOES_ON_BY_ITSELF = /,( and)? (?:this process|it) goes on by itself/;

/** Root of the context that one command runs in. */
@Module({})
class CommandRoot {}

/** Runs the work of a command in an application context of its own: `--help` and a mistyped option open no store. */
@Injectable()
export class CommandWork {
  constructor(@Inject(CLI_PARTS) private readonly parts: CliParts) {}

  /**
   * Builds the modules, runs the work and closes what was opened. The signal is raised by SIGINT, SIGTERM and SIGHUP: the
   * work then ends at the next point at which everything done is kept, unless `whenInterrupted` says otherwise. A second
   * one, a second or more later, ends the process at once. @throws InterruptedError when it was raised
   */
  async run(
    imports: (parts: ProcessParts) => CommandModules,
    work: (context: INestApplicationContext, signal: AbortSignal) => Promise<void>,
    whenInterrupted = GOES_ON,
  ): Promise<void> {
    const abort = new AbortController();
    let raisedAt: number | undefined;
    const raise = (): void => {
      // A terminal's Ctrl-C reaches make, npm and this process, and each hands it on: that is one wish.
      if (raisedAt !== undefined && performance.now() - raisedAt >= 1_000) process.exit(130);
      raisedAt ??= performance.now();
      abort.abort();
    };
    for (const signal of STOP_SIGNALS) process.on(signal, raise);
    try {
      const context = await this.open(imports);
      limitHeapGrowth('command');
      try {
        await work(context, abort.signal);
      } catch (error) {
        if (!abort.signal.aborted) throw this.named(error);
      } finally {
        await context.close();
      }
      if (abort.signal.aborted) throw new InterruptedError(whenInterrupted);
    } finally {
      for (const signal of STOP_SIGNALS) process.off(signal, raise);
    }
  }

  private async open(imports: (parts: ProcessParts) => CommandModules): Promise<INestApplicationContext> {
    const { config, logger, metrics } = this.parts;
    const clock = await createClock({ clock: config.clock, restUrls: config.exchange.restUrls });
    const root: DynamicModule = {
      module: CommandRoot,
      imports: [
        ConfigModule.forRoot(config),
        ClockModule.forRoot(clock),
        ObservabilityModule.forRoot(logger, metrics),
        ...imports({ config, clock, logger, metrics }),
      ],
    };
    // What goes wrong here is the error's to tell, once.
    const silent: Pick<NestApplicationOptions, 'logger' | 'abortOnError'> = { logger: false, abortOnError: false };
    try {
      const context = await NestFactory.createApplicationContext(root, silent);
      context.useLogger(new NestLogger(logger));
      return context;
    } catch (error) {
      throw this.named(error);
    }
  }

  /** Neither SQLite, nor a store that is not ready, nor a disk that refuses a write says which file it is about. */
  private named(error: unknown): unknown {
    const { databasePath, rawDir } = this.parts.config.storage;
    if (isNamelessFault(error))
      return new Error(`RAW_DIR=${JSON.stringify(rawDir)}: ${error.message}`, { cause: error });
    if (!isSqliteError(error) && !(error instanceof StoreNotReadyError)) return error;
    const said = (faultOf(error)?.reason ?? error.message).replace(GOES_ON_BY_ITSELF, ',$1 run the command again');
    return new Error(`STORAGE_PATH=${JSON.stringify(databasePath)}: ${said}`, { cause: error });
  }
}

/** Of the files that commands write without naming them, all but the database are raw files. */
function isNamelessFault(error: unknown): error is Error {
  const { syscall, path } = (error ?? {}) as NodeJS.ErrnoException;
  return error instanceof Error && syscall !== undefined && path === undefined && hostFaultOf(error) !== undefined;
}

function isSqliteError(error: unknown): error is Error {
  return error instanceof Error && String((error as { code?: unknown }).code).startsWith('SQLITE_');
}
