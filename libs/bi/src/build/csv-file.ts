import { open, type FileHandle } from 'node:fs/promises';
import { csvLines, type CsvLines } from '../tables/csv-lines';
import type { CsvTable } from '../tables/csv-table';

/** A table as a CSV file, page by page: the bytes that the API serves for the same rows. */
export class CsvFile<Row> {
  private constructor(
    private readonly handle: FileHandle,
    private readonly lines: CsvLines<Row>,
  ) {}

  /** Begins a file that must not exist yet. */
  static async create<Row>(path: string, table: CsvTable<Row>): Promise<CsvFile<Row>> {
    const file = new CsvFile(await open(path, 'wx'), csvLines(table.columns));
    await file.handle.writeFile(file.lines.head);
    return file;
  }

  async write(rows: readonly Row[]): Promise<void> {
    if (rows.length > 0) await this.handle.writeFile(rows.map(this.lines.line).join(''));
  }

  /** Flushes the file to disk. */
  async finish(): Promise<void> {
    await this.handle.datasync();
    await this.handle.close();
  }

  async abort(): Promise<void> {
    await this.handle.close();
  }
}
