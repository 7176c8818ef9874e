export * from './bi';
export * from './candle.contract';
export * from './checked-event';
export * from './contract-violation.error';
export * from './event-kind';
export * from './event-kinds';
export { MAX_MESSAGE_LENGTH } from './fields';
export * from './price-event.contract';
