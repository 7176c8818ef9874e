export * from './candle';
export * from './coverage';
export * from './decimal';
export * from './interval';
export * from './price-event';
export * from './roll-up';
export * from './symbol';
export * from './time';
