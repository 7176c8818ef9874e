import { Command } from 'nest-commander';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { StoreUpkeep } from '@app/domain';
import { StorageHistoryModule } from '@app/storage';
import { CliCommand } from '../options/cli-command';
import { Terminal } from '../terminal/terminal';
import { CommandWork } from '../work/command-work';

@Command({ name: 'retain', description: 'Removes what is older than RETENTION_* keep it; nothing where they are 0' })
export class RetainCommand extends CliCommand {
  constructor(
    private readonly work: CommandWork,
    private readonly terminal: Terminal,
  ) {
    super();
  }

  async run(): Promise<void> {
    await this.work.run(
      () => [StorageHistoryModule.existing()],
      async (context, signal) => {
        const { upkeep } = context.get<AppConfig>(APP_CONFIG);
        const { files, minutes, events } = await context.get(StoreUpkeep).retain(upkeep.retention, signal);
        this.terminal.line(`removed: ${files} raw files, ${minutes} minutes, ${events} price events`);
      },
    );
  }
}
