import { closeSync, openSync, writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { constants, zstdCompressSync } from 'node:zlib';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { ThreadTask, ThreadStep } from './thread-parquet-file.js';

/** Somebody waits: further levels take several times as long, and save a fiftieth. */
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };

/** Rows that are encoded together, and held in memory until they are: an answer has them sooner, and takes less for it. */
const ROWS_PER_GROUP = 10_000;

type Column = ThreadStep['columns'][number];

const { path, schema, encodings, createdBy } = workerData as ThreadTask;

const file = openSync(path, 'wx');
const bytes = new ByteWriter();
const writer = new ParquetWriter({
  writer: bytes,
  schema: [...schema],
  codec: 'ZSTD',
  compressors: { ZSTD: (page: Uint8Array) => zstdCompressSync(page, ZSTD) },
  createdBy,
  // By these a reader passes over groups: who downloads a file has them all, and to find them takes a seventh of the time.
  statistics: false,
});
const waiting: Column[] = encodings.map(() => []);

function flush(): void {
  const written = bytes.getBytes();
  for (let from = 0; from < written.length;) from += writeSync(file, written, from);
  // The writer counts its offsets by itself: the buffer begins anew behind what is in the file.
  bytes.index = 0;
}

/** The next rows that wait, as a group of their own. */
async function writeGroup(rows: number): Promise<void> {
  const columnData = encodings.map((column, index) => ({ ...column, data: waiting[index]?.splice(0, rows) ?? [] }));
  await writer.write({ columnData, rowGroupSize: rows });
  flush();
}

async function take({ columns, isLast }: ThreadStep): Promise<void> {
  columns.forEach((values, index) => {
    for (const value of values) waiting[index]?.push(value);
  });
  let left = waiting[0]?.length ?? 0;
  for (; left >= ROWS_PER_GROUP; left -= ROWS_PER_GROUP) await writeGroup(ROWS_PER_GROUP);
  if (!isLast) return;
  if (left > 0) await writeGroup(left);
  await writer.finish();
  flush();
  closeSync(file);
}

// Each message is one step, and has one answer.
parentPort?.on('message', (step: ThreadStep) => {
  take(step).then(
    () => parentPort?.postMessage({}),
    (error: unknown) => {
      const { code, message } = error as NodeJS.ErrnoException;
      parentPort?.postMessage({ error: { code, message } });
    },
  );
});
parentPort?.postMessage({});
