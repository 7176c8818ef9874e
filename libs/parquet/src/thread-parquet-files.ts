import { extname, join } from 'node:path';
import { ParquetFiles, type FileColumn, type TableFile } from '@app/domain';
import { startThread } from '@app/observability';
import { CREATED_BY, encodingOf, fileSchema } from './file-schema';
import { ThreadParquetFile, type ThreadTask } from './thread-parquet-file';

/** Thread for the file beside this one, as built or as it is written: a module by its name, as no loader changes it. */
const WORKER = join(__dirname, `parquet-file.worker.m${extname(__filename).slice(1)}`);

/**
 * Parquet files for somebody who waits, each encoded, compressed and written by a thread of its own. They are not flushed
 * to disk: nobody needs them after a power cut.
 */
export class ThreadParquetFiles extends ParquetFiles {
  async create<Row>(
    path: string,
    columns: readonly FileColumn<Row>[],
    nameOf: (row: Row) => string = () => '',
  ): Promise<TableFile<Row>> {
    const task: ThreadTask = {
      path,
      schema: fileSchema(columns),
      encodings: columns.map(({ name, type }) => ({ name, ...encodingOf(type) })),
      createdBy: CREATED_BY,
    };
    const file = new ThreadParquetFile(startThread(WORKER, task), { columns, nameOf });
    try {
      await file.opened();
    } catch (error) {
      await file.abort();
      throw error;
    }
    return file;
  }
}
