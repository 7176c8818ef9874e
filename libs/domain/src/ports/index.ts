export * from './clock.port';
export * from './event-flow.port';
export * from './exchange.port';
export * from './history-store.port';
export * from './kline-archive.port';
export * from './readers.port';
