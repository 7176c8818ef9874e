import { Module } from '@nestjs/common';
import { ParquetFiles } from '@app/domain';
import { ZstdParquetFiles } from './zstd-parquet-files';

/** Provides the port for Parquet files. */
@Module({ providers: [{ provide: ParquetFiles, useClass: ZstdParquetFiles }], exports: [ParquetFiles] })
export class ParquetModule {}
