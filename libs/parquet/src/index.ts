export { ParquetModule, ParquetThreadModule } from './parquet.module';
export { ThreadParquetFiles } from './thread-parquet-files';
export { ZstdParquetFiles } from './zstd-parquet-files';
