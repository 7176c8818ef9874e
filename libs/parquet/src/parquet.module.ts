import { Module } from '@nestjs/common';
import { ParquetFiles } from '@app/domain';
import { ThreadParquetFiles } from './thread-parquet-files';
import { ZstdParquetFiles } from './zstd-parquet-files';

/** Provides the port for Parquet files that are kept. */
@Module({ providers: [{ provide: ParquetFiles, useClass: ZstdParquetFiles }], exports: [ParquetFiles] })
export class ParquetModule {}

/** Provides the port for Parquet files that are written beside the other work of a process. */
@Module({ providers: [{ provide: ParquetFiles, useClass: ThreadParquetFiles }], exports: [ParquetFiles] })
export class ParquetThreadModule {}
