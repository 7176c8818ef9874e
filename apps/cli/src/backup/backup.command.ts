import { Inject } from '@nestjs/common';
import { Command, Option } from 'nest-commander';
import { BackupFolderTakenError } from '@app/backup';
import { formatMillisTime, StoreBackups, type BackupPlace } from '@app/domain';
import { platformVersion } from '@app/http';
import { StorageBackupModule } from '@app/storage';
import { CliCommand } from '../options/cli-command';
import { pathError } from '../options/parse-options';
import { UsageError } from '../options/usage.error';
import { Terminal } from '../terminal/terminal';
import { CLI_PARTS, CommandWork, type CliParts } from '../work/command-work';
import { describeContents, describeDamage, withProgress } from './backup-progress';

@Command({
  name: 'backup',
  description: 'Copies database and raw files, as they are at one moment, to a folder, beside whatever runs',
})
export class BackupCommand extends CliCommand {
  constructor(
    @Inject(CLI_PARTS) private readonly parts: CliParts,
    private readonly work: CommandWork,
    private readonly terminal: Terminal,
  ) {
    super();
  }

  @Option({
    flags: '--to <folder>',
    description:
      'new folder that becomes the backup (default: one named by its time in BACKUP_DIR, of which BACKUPS_KEPT stay)',
  })
  toFolder(text: string): string {
    return text;
  }

  async run(_: string[], { to }: { readonly to?: string }): Promise<void> {
    if (to === '') throw new UsageError('--to', to, 'a folder that is not there yet');
    const { folder, kept } = this.parts.config.backups;
    const place: BackupPlace = to === undefined ? { folderOfBackups: folder, kept } : { folder: to };
    const [option, path] = to === undefined ? (['BACKUP_DIR', folder] as const) : (['--to', to] as const);
    await this.work.run(
      () => [StorageBackupModule],
      async (context, signal) => {
        const backup = await withProgress(this.terminal, signal, (work) =>
          context.get(StoreBackups).make(place, platformVersion(), work),
        ).catch((error: unknown) => {
          if (!(error instanceof BackupFolderTakenError)) throw pathError(option, path, error);
          throw new UsageError(option, path, 'a folder that is not there yet');
        });
        for (const line of describeDamage(backup)) this.terminal.line(line);
        for (const name of backup.removed) this.terminal.line(`the backup ${name} was removed: BACKUPS_KEPT=${kept}`);
        this.terminal.line(
          `${backup.folder} is the store as of ${formatMillisTime(backup.madeAt)}: ${describeContents(backup)}`,
        );
      },
      'no backup was made, and nothing of it is left',
    );
  }
}
