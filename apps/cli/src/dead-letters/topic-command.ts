import { Option } from 'nest-commander';
import { ConfigError, type AppConfig } from '@app/config';
import { eventKinds } from '@app/domain';
import { MessagingModule } from '@app/messaging';
import { CliCommand } from '../options/cli-command';
import { UsageError } from '../options/usage.error';
import type { CommandModules } from '../work/command-work';

/** Options as typed. */
export interface TopicOptions {
  readonly topic?: string;
}

/** A command over the dead letters of one topic or of all. */
export abstract class TopicCommand extends CliCommand {
  @Option({ flags: '--topic <name>', description: 'letters of this topic only (default: of all)' })
  topicText(text: string): string {
    return text;
  }

  /** @throws UsageError, ConfigError */
  protected topics({ topics, brokerMode }: AppConfig, { topic }: TopicOptions): readonly string[] {
    if (brokerMode === 'direct') {
      throw new ConfigError([
        'BROKER_MODE="direct" has no dead letters: what cannot be taken is in rejected.jsonl in INGEST_STATE_DIR',
      ]);
    }
    const names = eventKinds(topics.prices).topics;
    if (topic === undefined) return names;
    if (!names.includes(topic)) throw new UsageError('--topic', topic, names.join(' or '));
    return [topic];
  }

  protected modules(): CommandModules {
    return [MessagingModule.deadLetters('csp-cli')];
  }
}
