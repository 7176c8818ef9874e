export * from './clock.port';
export * from './event-flow.port';
export * from './exchange.port';
export * from './history-store.port';
export * from './live-flow.port';
export * from './partition-sink.port';
export * from './readers.port';
export * from './table-file.port';
