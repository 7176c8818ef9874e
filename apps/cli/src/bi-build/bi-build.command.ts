import { Inject } from '@nestjs/common';
import { Command, Option } from 'nest-commander';
import { BiBuildUseCase, BiModule, BuildClock, BuildRunningError, FolderTakenError, type BuiltTable } from '@app/bi';
import { ParquetModule } from '@app/parquet';
import { StorageReadModule } from '@app/storage';
import { CliCommand } from '../options/cli-command';
import { pathError } from '../options/parse-options';
import { UsageError } from '../options/usage.error';
import { Terminal } from '../terminal/terminal';
import type { TableColumn } from '../terminal/table';
import { CLI_PARTS, CommandWork, type CliParts, type CommandModules } from '../work/command-work';
import { defaultBuildFolder } from './build-folder';

const COLUMNS: readonly TableColumn<BuiltTable>[] = [
  { title: 'table', cell: ({ name }) => name },
  { title: 'rows', cell: ({ rows }) => String(rows), right: true },
  { title: 'csv bytes', cell: ({ csv }) => String(csv.bytes), right: true },
  { title: 'parquet bytes', cell: ({ parquet }) => String(parquet.bytes), right: true },
];

interface BiBuildOptions {
  readonly out?: string;
  readonly after?: string;
}

@Command({
  name: 'bi-build',
  description: 'Writes every BI table for all symbols to files: CSV, Parquet and a data package that describes them',
})
export class BiBuildCommand extends CliCommand {
  constructor(
    @Inject(CLI_PARTS) private readonly parts: CliParts,
    private readonly work: CommandWork,
    private readonly terminal: Terminal,
  ) {
    super();
  }

  @Option({
    flags: '--out <folder>',
    description: 'folder that is turned to the build once it is whole (default: BI_BUILD_DIR)',
  })
  outText(text: string): string {
    return text;
  }

  @Option({
    flags: '--after <build>',
    description:
      'make one only while this is the newest, by its name in /data/; none: while there is none (else exit code 75)',
  })
  afterText(text: string): string {
    return text;
  }

  async run(_: string[], { out = defaultBuildFolder(this.parts.config), after }: BiBuildOptions): Promise<void> {
    await this.work.run(
      ({ clock }): CommandModules => {
        const buildClock = new BuildClock(clock);
        return [BiModule.build(buildClock, [StorageReadModule.on(buildClock), ParquetModule])];
      },
      async (context, signal) => {
        const files = await context
          .get(BiBuildUseCase)
          .run(out, this.parts.config.builds.kept, signal, after === 'none' ? null : after)
          .catch((error: unknown) => {
            if (error instanceof BuildRunningError) throw error;
            if (!(error instanceof FolderTakenError)) throw pathError('--out', out, error);
            throw new UsageError('--out', out, 'a folder that is empty, was made by a build, or is not there yet');
          });
        this.terminal.table(COLUMNS, files);
        this.terminal.line(`${files.length} tables are in ${out}`);
      },
      `${out} is as it was`,
    );
  }
}
