export * from './change';
export * from './change-bytes';
export * from './feed-position';
