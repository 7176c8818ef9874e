import { Module, type DynamicModule } from '@nestjs/common';
import { BackfillCommand } from './backfill/backfill.command';
import { BackupCommand } from './backup/backup.command';
import { RestoreCommand } from './backup/restore.command';
import { BiBuildCommand } from './bi-build/bi-build.command';
import { DeadLettersCommand } from './dead-letters/dead-letters.command';
import { ListDeadLettersCommand } from './dead-letters/list-dead-letters.command';
import { ReplayDeadLettersCommand } from './dead-letters/replay-dead-letters.command';
import { ExportCommand } from './export/export.command';
import { GapsCommand } from './gaps/gaps.command';
import { ImportCommand } from './import/import.command';
import { CreateKeyCommand } from './keys/create-key.command';
import { KeysCommand } from './keys/keys.command';
import { ListKeysCommand } from './keys/list-keys.command';
import { RevokeKeyCommand } from './keys/revoke-key.command';
import { RebuildCommand } from './rebuild/rebuild.command';
import { RepairCommand } from './repair/repair.command';
import { CompactCommand } from './upkeep/compact.command';
import { RetainCommand } from './upkeep/retain.command';
import { VerifyBiCommand } from './verify-bi/verify-bi.command';
import { Terminal } from './terminal/terminal';
import { CLI_PARTS, CommandWork, type CliParts } from './work/command-work';

/** The commands. None opens a store or asks the exchange before it runs: see {@link CommandWork}. */
@Module({})
export class CliModule {
  static register(parts: CliParts): DynamicModule {
    return {
      module: CliModule,
      providers: [
        { provide: CLI_PARTS, useValue: parts },
        Terminal,
        CommandWork,
        BackfillCommand,
        BackupCommand,
        BiBuildCommand,
        VerifyBiCommand,
        CompactCommand,
        DeadLettersCommand,
        ListDeadLettersCommand,
        ReplayDeadLettersCommand,
        ExportCommand,
        GapsCommand,
        ImportCommand,
        KeysCommand,
        CreateKeyCommand,
        ListKeysCommand,
        RevokeKeyCommand,
        RebuildCommand,
        RepairCommand,
        RestoreCommand,
        RetainCommand,
      ],
    };
  }
}
