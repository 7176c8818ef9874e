import type { FileHandle } from 'node:fs/promises';
import { TableFile } from '@app/domain';
import type { ByteWriter, ParquetWriter } from 'hyparquet-writer' with { 'resolution-mode': 'import' };
import { encodingOf } from './file-schema';
import { addPhysicalValues, type NamedColumns, type PhysicalValue } from './physical-value';

/** Rows that are encoded together, and held in memory until they are. */
const ROWS_PER_GROUP = 50_000;

export class ZstdParquetFile<Row> extends TableFile<Row> {
  private groups: (PhysicalValue | null)[][];
  private rows = 0;

  constructor(
    private readonly handle: FileHandle,
    private readonly bytes: ByteWriter,
    private readonly writer: ParquetWriter,
    private readonly table: NamedColumns<Row>,
  ) {
    super();
    this.groups = table.columns.map(() => []);
  }

  async write(rows: Iterable<Row>): Promise<void> {
    for (const row of rows) {
      addPhysicalValues(this.table, row, this.groups);
      this.rows += 1;
      if (this.rows === ROWS_PER_GROUP) await this.writeGroup();
    }
  }

  async finish(): Promise<void> {
    if (this.rows > 0) await this.writeGroup();
    await this.writer.finish();
    await this.flush();
    await this.handle.datasync();
    await this.handle.close();
  }

  async abort(): Promise<void> {
    await this.handle.close();
  }

  private async writeGroup(): Promise<void> {
    const columnData = this.table.columns.map(({ name, type }, index) => ({
      name,
      data: this.groups[index] ?? [],
      ...encodingOf(type),
    }));
    await this.writer.write({ columnData, rowGroupSize: ROWS_PER_GROUP });
    this.groups = this.table.columns.map(() => []);
    this.rows = 0;
    await this.flush();
  }

  private async flush(): Promise<void> {
    await this.handle.writeFile(this.bytes.getBytes());
    // The writer counts its offsets by itself: the buffer begins anew behind what is in the file.
    this.bytes.index = 0;
  }
}
