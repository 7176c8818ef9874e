import { Test, type TestingModule } from '@nestjs/testing';
import { ClockModule } from '@app/clock';
import { ConfigModule, loadConfig } from '@app/config';
import type { Clock } from '@app/domain';
import { MessagingModule } from '@app/messaging';
import { createLogger, MetricsRegistry, ObservabilityModule } from '@app/observability';

/**
 * What a process without a store provides, over the state in this folder. It is not started, so that no broker is looked
 * for; closing it brings its state to disk.
 */
export function ingestPorts(folder: string, clock: Clock): Promise<TestingModule> {
  const config = loadConfig({ BROKER_MODE: 'kafka', INGEST_STATE_DIR: folder }, '/');
  return Test.createTestingModule({
    imports: [
      ConfigModule.forRoot(config),
      ClockModule.forRoot(clock),
      ObservabilityModule.forRoot(createLogger('silent', 'test'), new MetricsRegistry()),
      MessagingModule.kafka('csp-test-ingest'),
    ],
  }).compile();
}
