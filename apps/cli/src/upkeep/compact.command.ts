import { Inject } from '@nestjs/common';
import { Command } from 'nest-commander';
import { StoreUpkeep, type CompactedFile } from '@app/domain';
import { StorageHistoryModule } from '@app/storage';
import { CliCommand } from '../options/cli-command';
import { Terminal } from '../terminal/terminal';
import type { TableColumn } from '../terminal/table';
import { CLI_PARTS, CommandWork, type CliParts } from '../work/command-work';

const COLUMNS: readonly TableColumn<CompactedFile>[] = [
  { title: 'file', cell: ({ file }) => file },
  { title: 'lines', cell: ({ lines }) => String(lines), right: true },
  { title: 'bytes', cell: ({ bytesBefore }) => String(bytesBefore), right: true },
  { title: 'compressed', cell: ({ bytesAfter }) => String(bytesAfter), right: true },
];

@Command({ name: 'compact', description: 'Compresses the raw files of days that ended more than a day ago' })
export class CompactCommand extends CliCommand {
  constructor(
    @Inject(CLI_PARTS) private readonly parts: CliParts,
    private readonly work: CommandWork,
    private readonly terminal: Terminal,
  ) {
    super();
  }

  async run(): Promise<void> {
    await this.work.run(
      () => [StorageHistoryModule.existing()],
      async (context, signal) => {
        const { files, failed, isPaused } = await context.get(StoreUpkeep).compact(signal);
        if (isPaused === true) throw new Error('a backup is reading the raw files; run it again once that has ended');
        if (files.length > 0) this.terminal.table(COLUMNS, files);
        this.terminal.line(`${files.length} raw files were compressed`);
        const [first] = failed;
        if (!first) return;
        const where = `RAW_DIR=${JSON.stringify(this.parts.config.storage.rawDir)}`;
        throw new Error(`${where}: ${failed.length} raw files stay as they are; ${first.file}: ${first.reason}`);
      },
    );
  }
}
