import { Inject } from '@nestjs/common';
import { SubCommand } from 'nest-commander';
import { DeadLetterBox } from '@app/messaging';
import { Terminal } from '../terminal/terminal';
import { CLI_PARTS, CommandWork, type CliParts } from '../work/command-work';
import { TopicCommand, type TopicOptions } from './topic-command';

@SubCommand({
  name: 'replay',
  description:
    'Sends the dead letters to their topics that were not sent back before, as far as the broker remembers (a week ' +
    'after the last time): what is stored is taken once; what is still broken is set aside again',
})
export class ReplayDeadLettersCommand extends TopicCommand {
  constructor(
    private readonly work: CommandWork,
    private readonly terminal: Terminal,
    @Inject(CLI_PARTS) private readonly parts: CliParts,
  ) {
    super();
  }

  async run(_: string[], options: TopicOptions): Promise<void> {
    const topics = this.topics(this.parts.config, options);
    await this.work.run(
      () => this.modules(),
      async (context, signal) => {
        const box = context.get(DeadLetterBox, { strict: false });
        for (const topic of topics) {
          const { replayed, cut } = await box.replay(topic, signal);
          const rest = cut === 0 ? '' : `; ${cut} were too large to be kept whole and cannot be sent`;
          this.terminal.line(`${topic}: ${replayed} dead letters were sent back${rest}`);
        }
      },
    );
  }
}
