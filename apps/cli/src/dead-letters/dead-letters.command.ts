import { Command, CommandRunner } from 'nest-commander';
import { ListDeadLettersCommand } from './list-dead-letters.command';
import { ReplayDeadLettersCommand } from './replay-dead-letters.command';

@Command({
  name: 'dead-letters',
  description: 'Messages that the consumer set aside because they could not be taken',
  subCommands: [ListDeadLettersCommand, ReplayDeadLettersCommand],
})
export class DeadLettersCommand extends CommandRunner {
  run(): Promise<void> {
    this.command.help({ error: true });
  }
}
