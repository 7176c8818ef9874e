export * from './api-key.entities';
export * from './backfill.entities';
export * from './candle.entities';
export * from './feed.entities';
export * from './gold.entities';
export * from './ledger.entities';
export * from './operations.entities';
export * from './price-event.entities';
