import { Inject } from '@nestjs/common';
import { SubCommand } from 'nest-commander';
import { ApiKeyStore, Clock, formatBucketTime, type EpochMicros, type StoredApiKey } from '@app/domain';
import { StorageKeysModule } from '@app/storage';
import { CliCommand } from '../options/cli-command';
import { Terminal } from '../terminal/terminal';
import type { TableColumn } from '../terminal/table';
import { CLI_PARTS, CommandWork, type CliParts } from '../work/command-work';

interface ListedKey {
  readonly name: string;
  readonly state: 'valid' | 'expired' | 'revoked' | 'in API_KEYS';
  readonly stored?: StoredApiKey;
}

const time = (value: EpochMicros | null | undefined): string => (value == null ? '' : formatBucketTime(value));

const COLUMNS: readonly TableColumn<ListedKey>[] = [
  { title: 'name', cell: ({ name }) => name },
  { title: 'state', cell: ({ state }) => state },
  { title: 'made', cell: ({ stored }) => time(stored?.createdAt) },
  { title: 'expires', cell: ({ stored }) => time(stored?.expiresAt) },
  { title: 'revoked', cell: ({ stored }) => time(stored?.revokedAt) },
  { title: 'limit', cell: ({ stored }) => String(stored?.requestLimit ?? ''), right: true },
];

@SubCommand({ name: 'list', description: 'Lists the keys that were made, and those of API_KEYS' })
export class ListKeysCommand extends CliCommand {
  constructor(
    private readonly work: CommandWork,
    private readonly terminal: Terminal,
    @Inject(CLI_PARTS) private readonly parts: CliParts,
  ) {
    super();
  }

  async run(): Promise<void> {
    await this.work.run(
      () => [StorageKeysModule],
      async (context) => {
        const now = context.get(Clock).realNow();
        const stored = await context.get(ApiKeyStore).all();
        const keys: ListedKey[] = [
          ...stored.map((key) => ({ name: key.name, state: stateOf(key, now), stored: key })),
          ...this.parts.config.http.apiKeys.map(({ name }) => ({ name, state: 'in API_KEYS' as const })),
        ];
        if (keys.length === 0) this.terminal.line('no key has been made');
        else this.terminal.table(COLUMNS, keys);
      },
    );
  }
}

function stateOf({ revokedAt, expiresAt }: StoredApiKey, now: EpochMicros): ListedKey['state'] {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && expiresAt <= now ? 'expired' : 'valid';
}
