import 'reflect-metadata';
import type { NestApplicationOptions } from '@nestjs/common';
import { CommandFactory, CommandRunnerService, type CommanderOptionsType } from 'nest-commander';
import { destination } from 'pino';
import { BackupRunningError } from '@app/backup';
import { BuildRunningError } from '@app/bi';
import { ConfigError, limitLookups, loadConfig, type AppConfig } from '@app/config';
import { platformVersion } from '@app/http';
import { createLogger, logProcessEvents, MetricsRegistry, NestLogger } from '@app/observability';
import { CliModule } from './cli.module';
import { endAfterMessage, USAGE_EXIT_CODE } from './options/cli-command';
import { UsageError } from './options/usage.error';
import { InterruptedError } from './work/interrupted.error';

/** Ends with 1 when the work failed, 2 when the question was wrong, 130 when it was interrupted, as shells have it. */
const FAILED_EXIT_CODE = 1;
const INTERRUPTED_EXIT_CODE = 130;
/** Another process is at the same work: what sysexits.h calls a temporary failure. */
const BUSY_EXIT_CODE = 75;
/** Whoever read the output has gone (`| head`): what SIGPIPE makes of other programs. */
const PIPE_CLOSED_EXIT_CODE = 141;

const STDERR = 2;

type RunOptions = Pick<CommanderOptionsType, 'version' | 'serviceErrorHandler' | 'errorHandler'>;

/** What a command has to say is on stdout; the log, on stderr, adds only what went wrong on the way. */
function levelBeside({ logLevel }: AppConfig): AppConfig['logLevel'] {
  return logLevel === 'info' ? 'warn' : logLevel;
}

function fail(error: Error): never {
  process.stderr.write(`cli: ${error.message}\n`);
  if (error instanceof InterruptedError) process.exit(INTERRUPTED_EXIT_CODE);
  if (error instanceof BuildRunningError || error instanceof BackupRunningError) process.exit(BUSY_EXIT_CODE);
  process.exit(error instanceof UsageError || error instanceof ConfigError ? USAGE_EXIT_CODE : FAILED_EXIT_CODE);
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(PIPE_CLOSED_EXIT_CODE);
  fail(error);
});

async function main(): Promise<void> {
  limitLookups();
  const config = loadConfig();
  const logger = createLogger(levelBeside(config), 'cli', destination({ dest: STDERR, sync: true }));
  logProcessEvents(logger);
  const version = platformVersion();
  const metrics = new MetricsRegistry({ process: 'cli', version });
  const options: Pick<NestApplicationOptions, 'logger' | 'abortOnError'> & RunOptions = {
    logger: new NestLogger(logger),
    abortOnError: false,
    version,
    serviceErrorHandler: fail,
    errorHandler: endAfterMessage,
  };
  const app = await CommandFactory.createWithoutRunning(CliModule.register({ config, logger, metrics }), options);
  // The help names the program as the documents do, not by the file that Node was given.
  await app.get(CommandRunnerService).run([process.execPath, 'cli', ...process.argv.slice(2)]);
  await app.close();
}

main().catch((error: unknown) => {
  fail(error instanceof Error ? error : new Error(String(error)));
});
