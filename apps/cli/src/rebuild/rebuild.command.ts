import { Command, Option } from 'nest-commander';
import { BinanceModule } from '@app/binance';
import { CaptureModule, RebuildHistoryUseCase } from '@app/capture';
import { formatBucketTime, type RebuildLoss } from '@app/domain';
import { StorageRebuildModule } from '@app/storage';
import { CliCommand } from '../options/cli-command';
import { folderOption } from '../options/parse-options';
import { Terminal } from '../terminal/terminal';
import type { TableColumn } from '../terminal/table';
import { CommandWork, type CommandModules } from '../work/command-work';

const COLUMNS: readonly TableColumn<RebuildLoss>[] = [
  { title: 'lost', cell: ({ what }) => what },
  { title: 'start', cell: ({ range }) => (range ? formatBucketTime(range.start) : '') },
  { title: 'end', cell: ({ range }) => (range ? formatBucketTime(range.end) : '') },
  { title: 'reason', cell: ({ reason }) => reason },
];

const MODULES = (): CommandModules => [
  CaptureModule.rebuild({
    process: 'cli',
    capture: ['candles'],
    imports: [BinanceModule.forRoot(), StorageRebuildModule],
  }),
];

const NOT_TAKEN_OVER =
  'not in the new database: why minutes are missing, days that wait to be filled, comparisons of days, progress at the ' +
  'broker, and API keys, which must be made anew (cli keys create)';

/** What a rebuilt database lacks; the table that was printed says what. */
class RebuildIncompleteError extends Error {
  readonly code = 'CLI.REBUILD_INCOMPLETE';

  constructor(losses: number, isReplaced: boolean) {
    super(
      `${losses} ranges or files could not be made again; ` +
        (isReplaced
          ? 'the new database is in its place without them'
          : 'the old database stays: run it again when they can be had, or put the new one into its place ' +
            'without them by --accept-losses'),
    );
    this.name = 'RebuildIncompleteError';
  }
}

@Command({
  name: 'rebuild',
  description: 'Makes the database anew from the raw files and, for what was fetched, from where it came',
})
export class RebuildCommand extends CliCommand {
  constructor(
    private readonly work: CommandWork,
    private readonly terminal: Terminal,
  ) {
    super();
  }

  @Option({
    flags: '--accept-losses',
    description: 'replace the old database even where the new one lacks something that cannot be had again',
  })
  acceptLosses(): boolean {
    return true;
  }

  @Option({ flags: '--imports <folder>', description: 'folder with the files that had been imported from disk' })
  importsFolder(text: string): string {
    return text;
  }

  async run(
    _: string[],
    { acceptLosses = false, imports }: { readonly acceptLosses?: boolean; readonly imports?: string },
  ): Promise<void> {
    const importsFolder = folderOption('--imports', imports);
    await this.work.run(MODULES, async (context, signal) => {
      const [lines, fetches] = [this.terminal.progress('bytes'), this.terminal.progress('fetches')];
      const { losses, isReplaced, notTakenOver, keptAside } = await context
        .get(RebuildHistoryUseCase)
        .execute({ acceptLosses, importsFolder }, signal, (progress) => {
          if (progress.step === 'lines') {
            const { bytesDone: done, bytesTotal: total, rows, file: at } = progress;
            lines.report({ done, total, rows, at });
          } else {
            const { done, total, rows, symbol: at } = progress;
            fetches.report({ done, total, rows, at });
          }
        })
        .finally(() => {
          lines.end();
          fetches.end();
        });
      if (signal.aborted) return;
      if (notTakenOver !== undefined) this.terminal.line(`${NOT_TAKEN_OVER}: ${notTakenOver}`);
      if (keptAside !== undefined) this.terminal.line(`the old database is kept as ${keptAside}`);
      if (losses.length > 0) {
        this.terminal.table(COLUMNS, losses);
        throw new RebuildIncompleteError(losses.length, isReplaced);
      }
      this.terminal.line('the database has been made anew');
    });
  }
}
