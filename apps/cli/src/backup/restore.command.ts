import { Inject } from '@nestjs/common';
import { Command, Option } from 'nest-commander';
import { formatMillisTime, StoreBackups } from '@app/domain';
import { StorageBackupModule } from '@app/storage';
import { CliCommand } from '../options/cli-command';
import { folderOption } from '../options/parse-options';
import { Terminal } from '../terminal/terminal';
import { CLI_PARTS, CommandWork, type CliParts } from '../work/command-work';
import { describeContents, describeDamage, withProgress } from './backup-progress';

interface RestoreOptions {
  readonly from: string;
  readonly check?: boolean;
}

@Command({
  name: 'restore',
  description: 'Writes a backup to STORAGE_PATH and RAW_DIR, where nothing may be yet, once all of it was found whole',
})
export class RestoreCommand extends CliCommand {
  constructor(
    @Inject(CLI_PARTS) private readonly parts: CliParts,
    private readonly work: CommandWork,
    private readonly terminal: Terminal,
  ) {
    super();
  }

  @Option({ flags: '--from <folder>', description: 'folder of a backup', required: true })
  fromFolder(text: string): string {
    return text;
  }

  @Option({ flags: '--check', description: 'only find out whether the backup is whole and can be restored' })
  check(): boolean {
    return true;
  }

  async run(_: string[], { from, check = false }: RestoreOptions): Promise<void> {
    folderOption('--from', from);
    await this.work.run(
      () => [StorageBackupModule],
      async (context, signal) => {
        const backups = context.get(StoreBackups);
        const backup = await withProgress(this.terminal, signal, (work) =>
          check ? backups.check(from, work) : backups.restore(from, work),
        );
        for (const line of describeDamage(backup)) this.terminal.line(line);
        const what = `the store as of ${formatMillisTime(backup.madeAt)} by version ${backup.version}`;
        const { databasePath, rawDir } = this.parts.config.storage;
        this.terminal.line(
          check
            ? `${from} is whole: ${what}, ${describeContents(backup)}`
            : `${databasePath} and ${rawDir} are ${what}: ${describeContents(backup)}`,
        );
      },
      'nothing was restored',
    );
  }
}
