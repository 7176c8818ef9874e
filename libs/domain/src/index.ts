export * from './contracts';
export * from './dto';
export * from './entities';
export * from './model';
export * from './ports';
