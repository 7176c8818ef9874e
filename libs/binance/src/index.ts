export type { BinanceOptions } from './binance-options';
export { BinanceModule } from './binance.module';
export { createBinanceExchange, type BinanceDependencies } from './create-binance-exchange';
