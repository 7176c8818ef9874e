import { open, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { CellDoesNotFitError, ParquetFiles, type FileColumn, type TableFile } from '@app/domain';
import { NoScratchFolderError, ScratchFolders } from '@app/files';
import { ProblemError, whileWriting } from '@app/http';
import { LOGGER, type Logger } from '@app/observability';
import type { ListItem } from './list-fields';

const PREFIX = 'csp-list-';
/** A file has a name for as long as it takes to open it. */
const ABANDONED_AFTER_MS = 60_000;
/** Room on the disk that a row is expected to take: minutes of the market take 40 bytes. */
const BYTES_A_ROW = 60;
/** Seconds after which to ask again: others have to be done with their files. */
const RETRY_SECONDS = 60;

/** What Node calls errors of the operating system. */
const SYSTEM_ERROR = /^E[A-Z0-9]+$/;

/** Parquet lists as temporary files. They lose their names as soon as they are open: whatever ends a process, none is left. */
@Injectable()
export class ListFiles implements OnModuleInit {
  private readonly scratch: ScratchFolders;

  constructor(
    @Inject(APP_CONFIG) { storage }: AppConfig,
    private readonly parquet: ParquetFiles,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.scratch = new ScratchFolders(dirname(storage.databasePath), (message) => {
      logger.warn(message);
    });
  }

  onModuleInit(): void {
    this.scratch.removeAbandoned(PREFIX, ABANDONED_AFTER_MS);
  }

  /**
   * Writes a list of at most so many rows to a file, when there is a place for it, and returns the whole of it; who gets it
   * closes it.
   * @throws ProblemError 503 where there is no place for it in time, or no room on the disk; 422 for a row that does not fit
   */
  write(
    reply: FastifyReply,
    columns: readonly FileColumn<ListItem>[],
    mostRows: number,
    fill: (file: TableFile<ListItem>) => Promise<void>,
  ): Promise<FileHandle> {
    return whileWriting(reply, async () => {
      try {
        const { file, handle } = await this.open(columns, mostRows * BYTES_A_ROW);
        try {
          await fill(file);
          await file.finish();
          return handle;
        } catch (error) {
          await file.abort();
          await handle.close();
          throw error;
        }
      } catch (error) {
        throw this.problemOf(error);
      }
    });
  }

  private async open(
    columns: readonly FileColumn<ListItem>[],
    wantedBytes: number,
  ): Promise<{ readonly file: TableFile<ListItem>; readonly handle: FileHandle }> {
    const folder = this.scratch.make(PREFIX, wantedBytes);
    const path = join(folder, 'list.parquet');
    try {
      const file = await this.parquet.create(path, columns);
      try {
        return { file, handle: await open(path, 'r') };
      } catch (error) {
        await file.abort();
        throw error;
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  private problemOf(error: unknown): unknown {
    if (error instanceof CellDoesNotFitError) return doesNotFit(error);
    const { code } = error as NodeJS.ErrnoException;
    const isOfDisk = error instanceof NoScratchFolderError || (code !== undefined && SYSTEM_ERROR.test(code));
    if (!isOfDisk) return error;
    this.logger.error({ err: error }, 'a list could not be written to a temporary file');
    return noTemporaryFile();
  }
}

function noTemporaryFile(): ProblemError {
  return new ProblemError({
    status: 503,
    code: 'LIST.NO_TEMPORARY_FILE',
    title: 'There is no room for a temporary file',
    detail:
      'format: "parquet" needs a temporary file, for which this host has no room now; ask for csv or ndjson, or ask again later',
    headers: { 'Retry-After': String(RETRY_SECONDS) },
  });
}

function doesNotFit({ column, value, allowed }: CellDoesNotFitError): ProblemError {
  return new ProblemError({
    status: 422,
    code: 'LIST.VALUE_DOES_NOT_FIT',
    title: 'A value does not fit its column',
    detail: `${column}: ${JSON.stringify(value)} does not fit a Parquet column of ${allowed}; ask for csv or ndjson`,
  });
}
