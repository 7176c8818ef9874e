import { Command } from 'nest-commander';
import { CliCommand } from '../options/cli-command';
import { UsageError } from '../options/usage.error';
import { CreateKeyCommand } from './create-key.command';
import { ListKeysCommand } from './list-keys.command';
import { RevokeKeyCommand } from './revoke-key.command';

@Command({
  name: 'keys',
  description: 'Keys of clients of the API',
  allowExcessArgs: true,
  subCommands: [CreateKeyCommand, ListKeysCommand, RevokeKeyCommand],
})
export class KeysCommand extends CliCommand {
  /** Reached when what follows the name is none of its commands. @throws UsageError */
  run([name = '']: string[]): Promise<void> {
    this.command.outputHelp({ error: true });
    throw new UsageError('keys', name, 'create, list or revoke');
  }
}
