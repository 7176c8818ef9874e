export { ZstdParquetFiles } from './zstd-parquet-files';
