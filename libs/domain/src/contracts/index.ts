export * from './bi';
export * from './candle.contract';
export * from './contract-violation.error';
export { MAX_MESSAGE_LENGTH } from './fields';
export * from './price-event.contract';
export * from './topics';
