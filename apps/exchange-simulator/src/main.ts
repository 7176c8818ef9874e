import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { createSimulator } from './create-simulator';
import { HELP, UsageError, parseOptions } from './options';

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(HELP);
    return;
  }
  const { app, market, passedOver } = await createSimulator(options);
  await app.listen(options.port, options.host);
  const { port } = app.getHttpServer().address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  process.stdout.write(`exchange simulator listening on http://${host}:${port} (${market.origin})\n`);

  if (passedOver.length > 0) {
    process.stderr.write(`passed over ${passedOver.length} files without klines to play: ${passedOver.join(', ')}\n`);
  }

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.once(signal, () => {
      void app.close().then(() => process.exit(0));
    });
  }
}

main().catch((error: unknown) => {
  const usage = error instanceof UsageError;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`exchange-simulator: ${message}${usage ? ' (--help lists the options)' : ''}\n`);
  process.exit(usage ? 2 : 1);
});
