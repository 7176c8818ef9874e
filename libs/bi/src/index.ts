export { BiModule } from './bi.module';
export { BuildClock } from './build/build-clock';
export { BiBuildUseCase } from './build/bi-build.use-case';
export type { BuiltTable } from './build/built-package';
export { BuildRunningError } from './build/build-running.error';
export { PublishedBuilds, type PublishedBuild, type PublishedFile } from './build/published-builds';
export { FolderTakenError } from './build/folder-taken.error';
export { candleColumns } from './export/candle-columns';
export {
  EXPORT_FORMATS,
  ExportCandlesUseCase,
  type ExportFormat,
  type ExportProgress,
} from './export/export-candles.use-case';
export { describeDifference } from './verify/candle-difference';
export { VerificationFailedError } from './verify/verification-failed.error';
export { VerifyBiUseCase, type ProofReport, type SymbolProof } from './verify/verify-bi.use-case';
export { byBuckets } from './tables/bucket-pages';
export { UnfitRows } from './unfit-rows';
export {
  csvLines,
  PLAIN_CSV,
  type CsvCell,
  type CsvCellKind,
  type CsvColumn,
  type CsvLines,
  type CsvStyle,
} from './tables/csv-lines';
export { encodeCsv, withColumns, type CsvTable } from './tables/csv-table';
export { wideTable } from './tables/wide-table';
export {
  DAILY_METRICS,
  DAILY_OHLC,
  DAILY_VOLUME,
  DATA_QUALITY,
  HOURLY_OHLCV,
  LATEST_PRICES,
  SYMBOLS,
} from './tables/tables';
