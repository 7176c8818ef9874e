import type { DynamicModule } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createClock } from '@app/clock';
import { ConfigError, limitLookups, loadConfig, type AppConfig } from '@app/config';
import type { Clock } from '@app/domain';
import {
  bufferedOutput,
  Counter,
  createLogger,
  logProcessEvents,
  MetricsRegistry,
  TolerantOutput,
  type DroppedLines,
  type Logger,
} from '@app/observability';
import { createHttpApp } from './create-http-app';
import { limitHeapGrowth, type HeapGrowth } from './heap-growth';
import { platformVersion } from './platform-version';
import { listen, stopOnSignal } from './serve';

/** What every process is built from. */
export interface ProcessParts {
  readonly config: AppConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
}

export interface ProcessDefinition {
  /** Short name, as logs, metrics and health carry it. */
  readonly name: string;
  readonly port: (http: AppConfig['http']) => number;
  readonly module: (parts: ProcessParts) => DynamicModule;
  /** Whether it is what `PUBLIC_URL` leads to. */
  readonly isPublic?: boolean;
  /** Refuses configurations that this process cannot run with. @throws ConfigError */
  readonly check?: (config: AppConfig) => void;
  /** What is added to the application before it listens. */
  readonly prepare?: (app: NestFastifyApplication) => void | Promise<void>;
  /** How its heap may grow; `service` unless given. */
  readonly heapGrowth?: HeapGrowth;
}

/** Exit codes: 2 for a wrong configuration, 1 for any other reason that keeps the process from starting. */
const CONFIG_EXIT_CODE = 2;
const START_EXIT_CODE = 1;

/** What went wrong, with the variable that says otherwise where there is one. */
function explain(error: unknown): string {
  const { code, syscall, port, address, hostname } = error as NodeJS.ErrnoException & {
    port?: number;
    address?: string;
    hostname?: string;
  };
  if (code === 'EADDRINUSE') return `port ${port} is in use by another program`;
  if (syscall === 'listen' && code === 'EACCES') return `port ${port} may not be opened by this user`;
  if (code === 'EADDRNOTAVAIL' || syscall === 'getaddrinfo') {
    return `HOST=${JSON.stringify(address ?? hostname)} is not an address of this machine`;
  }
  return error instanceof Error ? error.message : String(error);
}

function sayDropped(logger: Logger, { lines, reason }: DroppedLines): void {
  logger.warn({ lines }, `${lines} lines of this log could not be written: ${reason}`);
}

function countDropped(output: TolerantOutput, metrics: MetricsRegistry): void {
  new Counter({
    name: 'csp_log_lines_dropped_total',
    help: 'Lines that standard output refused, because its disk is full or its reader has gone.',
    registers: [metrics],
    collect() {
      this.reset();
      this.inc(output.droppedLines);
    },
  });
}

async function start(definition: ProcessDefinition): Promise<void> {
  const { name, port, module, isPublic = false, check, prepare, heapGrowth = 'service' } = definition;
  limitLookups();
  const config = loadConfig();
  check?.(config);
  const http = isPublic ? config.http : { ...config.http, publicUrl: null };
  const output = new TolerantOutput((dropped) => {
    sayDropped(logger, dropped);
  });
  const logger = createLogger(config.logLevel, name, bufferedOutput(output));
  logProcessEvents(logger);
  const metrics = new MetricsRegistry({ process: name, version: platformVersion() });
  countDropped(output, metrics);
  const clock = await createClock({ clock: config.clock, restUrls: config.exchange.restUrls });
  const app = await createHttpApp(module({ config, clock, logger, metrics }), { logger, metrics, http });
  await prepare?.(app);
  stopOnSignal(app, logger);
  const { url } = await listen(app, port(http), http.host);
  limitHeapGrowth(heapGrowth);
  logger.info({ url }, `${name} is up at ${url}`);
}

/** Runs one process of the platform; what keeps it from starting is said in one readable message. */
export function runProcess(definition: ProcessDefinition): void {
  start(definition).catch((error: unknown) => {
    process.stderr.write(`${definition.name}: ${explain(error)}\n`);
    process.exit(error instanceof ConfigError ? CONFIG_EXIT_CODE : START_EXIT_CODE);
  });
}
