import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { nextTurn, TableFile } from '@app/domain';
import type { ColumnEncoding, SchemaElement } from './file-schema';
import { addPhysicalValues, type NamedColumns, type PhysicalValue } from './physical-value';

/** What the thread is to write. */
export interface ThreadTask {
  readonly path: string;
  readonly schema: readonly SchemaElement[];
  readonly encodings: readonly (ColumnEncoding & { readonly name: string })[];
  readonly createdBy: string;
}

/** Rows for the file, as the values of each column. */
export interface ThreadStep {
  readonly columns: readonly (PhysicalValue | null)[][];
  /** Whether the file is whole with them. */
  readonly isLast: boolean;
}

/** The thread's answer to a step, and when it has the file open. */
interface ThreadAnswer {
  readonly error?: { readonly code?: string; readonly message: string };
}

/** Rows whose cells are made physical values in one turn of the event loop. */
const ROWS_A_TURN = 1_000;

/** A file that a thread encodes, compresses and writes; here the cells are checked, so that errors name row and column. */
export class ThreadParquetFile<Row> extends TableFile<Row> {
  private readonly ended: Promise<never>;

  constructor(
    private readonly worker: Worker,
    private readonly table: NamedColumns<Row>,
  ) {
    super();
    this.ended = once(worker, 'exit').then(() => {
      throw new Error('the thread that writes the file has ended');
    });
    this.ended.catch(() => undefined);
  }

  /** Resolves when the thread has the file open. @throws the error of the file system, with its code */
  opened(): Promise<void> {
    return this.answered();
  }

  /** Resolves when the thread has written the rows, or has too few of them to begin. */
  async write(rows: Iterable<Row>): Promise<void> {
    const columns = this.noValues();
    let count = 0;
    for (const row of rows) {
      addPhysicalValues(this.table, row, columns);
      count += 1;
      if (count % ROWS_A_TURN === 0) await nextTurn();
    }
    if (count > 0) await this.take({ columns, isLast: false });
  }

  async finish(): Promise<void> {
    await this.take({ columns: this.noValues(), isLast: true });
    await this.worker.terminate();
  }

  async abort(): Promise<void> {
    await this.worker.terminate();
  }

  private noValues(): (PhysicalValue | null)[][] {
    return this.table.columns.map(() => []);
  }

  private async take(step: ThreadStep): Promise<void> {
    const answered = this.answered();
    this.worker.postMessage(step);
    await answered;
  }

  private async answered(): Promise<void> {
    const [{ error }] = (await Promise.race([once(this.worker, 'message'), this.ended])) as [ThreadAnswer];
    if (error) throw Object.assign(new Error(error.message), { code: error.code });
  }
}
