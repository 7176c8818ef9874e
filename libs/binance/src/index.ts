export type { ArchiveOptions } from './archive/archive-options';
export { DiskKlineFiles } from './archive/disk-kline-files';
export type { BinanceOptions } from './binance-options';
export { BinanceModule } from './binance.module';
export { createBinanceArchive, type ArchiveDependencies } from './create-binance-archive';
export { createBinanceExchange, type BinanceDependencies } from './create-binance-exchange';
export { ProxyGate } from './transport/proxy-gate';
