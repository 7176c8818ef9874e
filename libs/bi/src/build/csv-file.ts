import { open, type FileHandle } from 'node:fs/promises';
import { csvHeader, csvLine, type CsvTable } from '../tables/csv-table';

/** A table as a CSV file, page by page: the bytes that the API serves for the same rows. */
export class CsvFile<Row> {
  private constructor(
    private readonly handle: FileHandle,
    private readonly table: CsvTable<Row>,
  ) {}

  /** Begins a file that must not exist yet. */
  static async create<Row>(path: string, table: CsvTable<Row>): Promise<CsvFile<Row>> {
    const file = new CsvFile(await open(path, 'wx'), table);
    await file.handle.writeFile(csvHeader(table));
    return file;
  }

  async write(rows: readonly Row[]): Promise<void> {
    if (rows.length > 0) await this.handle.writeFile(rows.map((row) => csvLine(this.table, row)).join(''));
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
