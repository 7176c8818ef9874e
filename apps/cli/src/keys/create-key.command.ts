import { randomBytes } from 'node:crypto';
import { Inject } from '@nestjs/common';
import { Option, SubCommand } from 'nest-commander';
import { isKeyName, KEY_NAME_ALLOWED, keyHash } from '@app/config';
import { ApiKeyStore, Clock, TIMES_ALLOWED } from '@app/domain';
import { StorageKeysModule } from '@app/storage';
import { CliCommand } from '../options/cli-command';
import { timeOption, wholeNumberOption } from '../options/parse-options';
import { UsageError } from '../options/usage.error';
import { Terminal } from '../terminal/terminal';
import { CLI_PARTS, CommandWork, type CliParts } from '../work/command-work';

interface CreateOptions {
  readonly name: string;
  readonly expires?: string;
  readonly limit?: string;
}

const MOST_REQUESTS = 100_000_000;
/** 192 bits: nobody guesses one. */
const KEY_BYTES = 24;

@SubCommand({ name: 'create', description: 'Makes a key and shows it, this once: only its SHA-256 is stored' })
export class CreateKeyCommand extends CliCommand {
  constructor(
    private readonly work: CommandWork,
    private readonly terminal: Terminal,
    @Inject(CLI_PARTS) private readonly parts: CliParts,
  ) {
    super();
  }

  @Option({ flags: '--name <name>', description: 'what its client is called in lists', required: true })
  nameText(text: string): string {
    return text;
  }

  @Option({ flags: '--expires <date>', description: 'from when on it does not hold any more, UTC (default: never)' })
  expiresText(text: string): string {
    return text;
  }

  @Option({ flags: '--limit <number>', description: 'requests in a window (default: THROTTLE_KEY_LIMIT)' })
  limitText(text: string): string {
    return text;
  }

  async run(_: string[], { name, expires, limit }: CreateOptions): Promise<void> {
    if (!isKeyName(name)) throw new UsageError('--name', name, KEY_NAME_ALLOWED);
    if (this.parts.config.http.apiKeys.some((setting) => setting.name === name)) {
      throw new UsageError('--name', name, 'a name that no key of API_KEYS has');
    }
    const expiresAt = timeOption('--expires', expires) ?? null;
    const requestLimit = wholeNumberOption('--limit', limit, 1, MOST_REQUESTS) ?? null;
    await this.work.run(
      () => [StorageKeysModule],
      async (context) => {
        const now = context.get(Clock).realNow();
        if (expiresAt !== null && expiresAt <= now) {
          throw new UsageError('--expires', expires ?? '', `a time that has not passed: ${TIMES_ALLOWED}`);
        }
        const key = `csp_${randomBytes(KEY_BYTES).toString('base64url')}`;
        const isAdded = await context
          .get(ApiKeyStore)
          .add({ name, sha256: keyHash(key), expiresAt, requestLimit }, now);
        if (!isAdded) throw new UsageError('--name', name, 'a name that no other key has: revoke that one first');
        this.terminal.line(key);
      },
    );
  }
}
