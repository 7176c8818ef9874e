export * from './contracts';
export * from './model';
export * from './ports';
