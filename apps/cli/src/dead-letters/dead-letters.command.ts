import { Command } from 'nest-commander';
import { CliCommand } from '../options/cli-command';
import { UsageError } from '../options/usage.error';
import { ListDeadLettersCommand } from './list-dead-letters.command';
import { ReplayDeadLettersCommand } from './replay-dead-letters.command';

@Command({
  name: 'dead-letters',
  description: 'Messages that the consumer set aside because they could not be taken',
  allowExcessArgs: true,
  subCommands: [ListDeadLettersCommand, ReplayDeadLettersCommand],
})
export class DeadLettersCommand extends CliCommand {
  /** Reached when what follows the name is none of its commands. @throws UsageError */
  run([name = '']: string[]): Promise<void> {
    this.command.outputHelp({ error: true });
    throw new UsageError('dead-letters', name, 'list or replay');
  }
}
