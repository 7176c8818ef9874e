import 'reflect-metadata';
import { setupOpenApi } from '@app/api';
import { createClock } from '@app/clock';
import { ConfigError, loadConfig } from '@app/config';
import { createHttpApp, listen, platformVersion, stopOnSignal } from '@app/http';
import { createLogger, MetricsRegistry } from '@app/observability';
import { ApiAppModule } from './api-app.module';

const PROCESS = 'api';

async function main(): Promise<void> {
  const config = loadConfig();
  const logger = createLogger(config.logLevel, PROCESS);
  const metrics = new MetricsRegistry({ process: PROCESS, version: platformVersion() });
  const clock = await createClock({ clock: config.clock, restUrls: config.exchange.restUrls });
  const { http } = config;
  const app = await createHttpApp(ApiAppModule.forRoot({ config, clock, logger, metrics }), { logger, metrics, http });
  setupOpenApi(app);
  stopOnSignal(app, logger);
  const { url } = await listen(app, http.apiPort, http.host);
  logger.info({ url }, 'listening');
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`api-app: ${message}\n`);
  process.exit(error instanceof ConfigError ? 2 : 1);
});
