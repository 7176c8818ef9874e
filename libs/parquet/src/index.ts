export { ParquetModule } from './parquet.module';
export { ZstdParquetFiles } from './zstd-parquet-files';
