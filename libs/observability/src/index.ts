export { bufferedOutput } from './buffered-output';
export { createLogger, LOGGER, NestLogger, type Logger } from './logger';
export { Counter, Gauge, Histogram, MetricsRegistry } from './metrics';
export { ObservabilityModule } from './observability.module';
export { logProcessEvents } from './process-events';
export { startThread } from './quiet-thread';
export { TolerantOutput, type DroppedLines } from './tolerant-output';
