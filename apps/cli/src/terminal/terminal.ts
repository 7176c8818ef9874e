import { Injectable } from '@nestjs/common';
import { Progress } from './progress';
import { formatTable, type TableColumn } from './table';

/** What a command tells: lines and tables on stdout, progress on stderr, so that a pipe gets results alone. */
@Injectable()
export class Terminal {
  line(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  table<Row>(columns: readonly TableColumn<Row>[], rows: readonly Row[]): void {
    for (const text of formatTable(columns, rows)) this.line(text);
  }

  /** Progress towards `total` steps of work, `unit` saying what they are. */
  progress(unit: string): Progress {
    return new Progress(unit, process.stderr);
  }
}
