import { Inject } from '@nestjs/common';
import { Option, SubCommand } from 'nest-commander';
import { formatMillisTime, MILLISECOND } from '@app/domain';
import { DeadLetterBox, type DeadLetter } from '@app/messaging';
import { wholeNumberOption } from '../options/parse-options';
import { Terminal } from '../terminal/terminal';
import type { TableColumn } from '../terminal/table';
import { CLI_PARTS, CommandWork, type CliParts } from '../work/command-work';
import { TopicCommand, type TopicOptions } from './topic-command';

interface ListOptions extends TopicOptions {
  readonly limit?: string;
  readonly json?: boolean;
}

type TopicLetter = DeadLetter & { readonly topic: string };

const DEFAULT_LIMIT = 100;
const MOST_LETTERS = 100_000;

/** A key of a message may be anything; a terminal must not obey it. */
const printable = (text: string): string => text.replace(/\p{Cc}/gu, '�');

const COLUMNS: readonly TableColumn<TopicLetter>[] = [
  { title: 'topic', cell: ({ topic }) => topic },
  { title: 'letter', cell: ({ offset }) => String(offset), right: true },
  { title: 'time', cell: ({ time }) => formatMillisTime(time * MILLISECOND) },
  { title: 'key', cell: ({ key }) => printable(key ?? '') },
  { title: 'from', cell: ({ sourcePartition, sourceOffset }) => `${sourcePartition}/${sourceOffset}` },
  { title: 'attempts', cell: ({ attempts }) => String(attempts), right: true },
  { title: 'sent back', cell: ({ replayed }) => (replayed ? 'yes' : 'no') },
  { title: 'error', cell: ({ error }) => printable(error) },
];

@SubCommand({ name: 'list', description: 'Lists the newest dead letters: what each was, and why it was set aside' })
export class ListDeadLettersCommand extends TopicCommand {
  constructor(
    private readonly work: CommandWork,
    private readonly terminal: Terminal,
    @Inject(CLI_PARTS) private readonly parts: CliParts,
  ) {
    super();
  }

  @Option({ flags: '--limit <count>', description: `letters of each topic, the newest (default: ${DEFAULT_LIMIT})` })
  limitText(text: string): string {
    return text;
  }

  @Option({ flags: '--json', description: 'one JSON object a line, with the value in base64' })
  asJson(): boolean {
    return true;
  }

  async run(_: string[], options: ListOptions): Promise<void> {
    const topics = this.topics(this.parts.config, options);
    const limit = wholeNumberOption('--limit', options.limit, 1, MOST_LETTERS) ?? DEFAULT_LIMIT;
    await this.work.run(
      () => this.modules(),
      async (context, signal) => {
        const box = context.get(DeadLetterBox, { strict: false });
        const letters: TopicLetter[] = [];
        for (const topic of topics) {
          letters.push(...(await box.newest(topic, limit, signal)).map((letter) => ({ topic, ...letter })));
        }
        if (options.json) for (const letter of letters) this.terminal.line(JSON.stringify(toJson(letter)));
        else this.table(letters);
      },
    );
  }

  private table(letters: readonly TopicLetter[]): void {
    if (letters.length > 0) this.terminal.table(COLUMNS, letters);
    const waiting = letters.filter(({ replayed }) => !replayed).length;
    this.terminal.line(`${letters.length} dead letters, ${waiting} of them not sent back`);
  }
}

function toJson(letter: TopicLetter): Record<string, unknown> {
  return {
    topic: letter.topic,
    letter: letter.offset,
    time: formatMillisTime(letter.time * MILLISECOND),
    key: letter.key,
    source_partition: letter.sourcePartition,
    source_offset: letter.sourceOffset,
    attempts: letter.attempts,
    sent_back: letter.replayed,
    field: letter.field,
    error: letter.error,
    cut_from_bytes: letter.cutFrom ?? null,
    value_base64: letter.value?.toString('base64') ?? null,
  };
}
