import { Inject } from '@nestjs/common';
import { SubCommand } from 'nest-commander';
import { ApiKeyStore, Clock } from '@app/domain';
import { StorageKeysModule } from '@app/storage';
import { CliCommand } from '../options/cli-command';
import { UsageError } from '../options/usage.error';
import { Terminal } from '../terminal/terminal';
import { CLI_PARTS, CommandWork, type CliParts } from '../work/command-work';

@SubCommand({ name: 'revoke', arguments: '<name>', description: 'Ends a key: within two seconds it holds nowhere' })
export class RevokeKeyCommand extends CliCommand {
  constructor(
    private readonly work: CommandWork,
    private readonly terminal: Terminal,
    @Inject(CLI_PARTS) private readonly parts: CliParts,
  ) {
    super();
  }

  async run([name = '']: string[]): Promise<void> {
    if (this.parts.config.http.apiKeys.some((setting) => setting.name === name)) {
      throw new UsageError('revoke', name, 'a key that was made: take this one out of API_KEYS, and restart');
    }
    await this.work.run(
      () => [StorageKeysModule],
      async (context) => {
        const isRevoked = await context.get(ApiKeyStore).revoke(name, context.get(Clock).realNow());
        if (!isRevoked) throw new UsageError('revoke', name, 'the name of a key that is not revoked (cli keys list)');
        this.terminal.line(`${name} is revoked`);
      },
    );
  }
}
