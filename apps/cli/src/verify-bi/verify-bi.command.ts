import { Inject } from '@nestjs/common';
import { Command, Option } from 'nest-commander';
import {
  BiModule,
  describeDifference,
  VerificationFailedError,
  VerifyBiUseCase,
  type ProofReport,
  type SymbolProof,
} from '@app/bi';
import { BinanceModule } from '@app/binance';
import { formatDate, SymbolReader, type KnownDifference } from '@app/domain';
import { StorageHistoryModule, StorageReadModule } from '@app/storage';
import { defaultBuildFolder } from '../bi-build/build-folder';
import { knownSymbols } from '../options/known-symbols';
import { SpanCommand, type SpanOptions } from '../options/span-command';
import { Terminal } from '../terminal/terminal';
import type { TableColumn } from '../terminal/table';
import { CLI_PARTS, CommandWork, type CliParts, type CommandModules } from '../work/command-work';

const COLUMNS: readonly TableColumn<SymbolProof>[] = [
  { title: 'symbol', cell: ({ symbol }) => symbol },
  { title: 'days checked', cell: ({ daysChecked }) => String(daysChecked), right: true },
  { title: 'equal', cell: ({ equal }) => String(equal), right: true },
  { title: 'known differences', cell: ({ knownDifferences }) => String(knownDifferences), right: true },
  { title: 'mismatches', cell: ({ mismatches }) => String(mismatches), right: true },
  {
    title: 'recomputed from',
    cell: ({ recomputedFrom }) => (recomputedFrom === undefined ? 'no minutes' : formatDate(recomputedFrom)),
  },
];

const REASONS: Readonly<Record<KnownDifference['reason'], string>> = {
  exchange_stop: 'the exchange stopped',
  contradiction: 'the exchange contradicts itself',
};

const KNOWN_COLUMNS: readonly TableColumn<KnownDifference>[] = [
  { title: 'known difference', cell: ({ symbol }) => symbol },
  { title: 'date', cell: ({ date }) => formatDate(date) },
  { title: 'reason', cell: ({ reason }) => REASONS[reason] },
  { title: 'by minutes and by day', cell: ({ stored, exchange }) => describeDifference(stored, exchange) },
];

const MODULES = (): CommandModules => [
  StorageReadModule,
  BiModule.verification([BinanceModule.forRoot(), StorageReadModule, StorageHistoryModule.existing()]),
];

interface VerifyBiOptions extends SpanOptions {
  readonly build?: string;
  /** False with `--no-archive`. */
  readonly archive?: boolean;
}

@Command({
  name: 'verify-bi',
  description: 'Proves the BI tables: contract, roll-ups, replay of bronze, and days beside the exchange’s own',
})
export class VerifyBiCommand extends SpanCommand {
  constructor(
    @Inject(CLI_PARTS) private readonly parts: CliParts,
    private readonly work: CommandWork,
    private readonly terminal: Terminal,
  ) {
    super();
  }

  @Option({ flags: '--build <folder>', description: 'folder of the build to prove (default: BI_BUILD_DIR)' })
  buildText(text: string): string {
    return text;
  }

  @Option({ flags: '--no-archive', description: 'leaves out the files of the archive: one download for each day' })
  withoutArchive(): boolean {
    return false;
  }

  async run(_: string[], options: VerifyBiOptions): Promise<void> {
    const { range, symbols: asked } = this.span(options);
    const folder = options.build ?? defaultBuildFolder(this.parts.config);
    await this.work.run(
      MODULES,
      async (context, signal) => {
        const symbols = await knownSymbols(context.get(SymbolReader), asked);
        const progress = this.terminal.progress('days');
        const report = await context
          .get(VerifyBiUseCase)
          .run(
            // A folder that is named is one that has to be there.
            { symbols, range, folder, mayBeUnbuilt: options.build === undefined, withArchive: options.archive ?? true },
            signal,
            (done, total, at) => {
              progress.report({ done, total, at });
            },
          )
          .finally(() => {
            progress.end();
          });
        if (!report.built)
          this.terminal.line(`nothing was built in ${folder} yet, so no table was proved: \`bi-build\` makes them`);
        this.tell(report);
        if (report.mismatches > 0) throw new VerificationFailedError(report.mismatches);
      },
      'what was found of the days so far is kept',
    );
  }

  private tell({ symbols, known, findings, mismatches, contradictions, bronze, fetchesProved }: ProofReport): void {
    this.terminal.table(COLUMNS, symbols);
    if (known.length > 0) this.terminal.table(KNOWN_COLUMNS, known);
    const since = bronze.since === undefined ? '' : `, from ${formatDate(bronze.since)} on`;
    const fetches = fetchesProved === 0 ? '' : `; the rows of ${fetchesProved} fetches have the hashes of the manifest`;
    this.terminal.line(`${bronze.lines} lines of bronze were replayed${since}${fetches}`);
    for (const { symbol = '', text } of contradictions.list) {
      this.terminal.line(`contradicts itself, as the exchange gave it: ${symbol} ${text}`);
    }
    const unlisted = contradictions.total - contradictions.list.length;
    if (unlisted > 0) this.terminal.line(`… and ${unlisted} more minutes that contradict themselves`);
    for (const { symbol, text } of findings)
      this.terminal.line(`mismatch: ${symbol === undefined ? '' : `${symbol} `}${text}`);
    if (mismatches > findings.length) this.terminal.line(`… and ${mismatches - findings.length} more mismatches`);
  }
}
