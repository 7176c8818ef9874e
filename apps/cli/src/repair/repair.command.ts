import { Command } from 'nest-commander';
import { BinanceModule } from '@app/binance';
import { CaptureModule, RepairGapsUseCase, type RepairReport } from '@app/capture';
import { minutesIn, SymbolReader, type TimeRange } from '@app/domain';
import { StorageHistoryModule, StorageReadModule } from '@app/storage';
import { knownSymbols } from '../options/known-symbols';
import { SpanCommand, type SpanOptions } from '../options/span-command';
import { LEFT_OUT_COLUMNS } from '../terminal/left-out-columns';
import { Terminal } from '../terminal/terminal';
import type { TableColumn } from '../terminal/table';
import { CommandWork, type CommandModules } from '../work/command-work';

const COLUMNS: readonly TableColumn<RepairReport>[] = [
  { title: 'symbol', cell: ({ symbol }) => symbol },
  { title: 'missing before', cell: ({ missingBefore }) => String(missingBefore), right: true },
  { title: 'settled', cell: ({ settled }) => String(settled), right: true },
  { title: 'still missing', cell: ({ missingAfter }) => String(missingAfter), right: true },
  { title: 'result', cell: ({ failure }) => failure ?? '' },
];

const MODULES = (): CommandModules => [
  StorageReadModule,
  CaptureModule.onDemand({
    process: 'cli',
    capture: ['candles'],
    imports: [BinanceModule.forRoot(), StorageHistoryModule.existing()],
  }),
];

@Command({
  name: 'repair',
  description: 'Asks the exchange for the minutes that are missing; `gaps` then says why the rest cannot be had',
})
export class RepairCommand extends SpanCommand {
  constructor(
    private readonly work: CommandWork,
    private readonly terminal: Terminal,
  ) {
    super();
  }

  async run(_: string[], options: SpanOptions): Promise<void> {
    const span = this.span(options);
    await this.work.run(MODULES, async (context, signal) => {
      const symbols = await knownSymbols(context.get(SymbolReader), span.symbols);
      const progress = this.terminal.progress('minutes');
      const repair = context.get(RepairGapsUseCase);
      const reports = await repair
        .execute(symbols, span.range, signal, ({ minutesDone, minutesTotal, rows, symbol }) => {
          progress.report({ done: minutesDone, total: minutesTotal, rows, at: symbol });
        })
        .finally(() => {
          progress.end();
        });
      this.terminal.table(COLUMNS, reports);
      const leftOut = reports.flatMap(({ symbol, leftOut: ranges }) => ranges.map((range) => ({ symbol, ...range })));
      if (leftOut.length > 0) this.terminal.table(LEFT_OUT_COLUMNS, leftOut);
      const failed = reports.filter(({ failure }) => failure !== undefined).map(({ symbol }) => symbol);
      const problems = [
        ...(failed.length > 0 ? [`the exchange could not be asked for all minutes of ${failed.join(', ')}`] : []),
        ...(leftOut.length > 0 ? [`${sumOf(leftOut)} minutes left out: their rows break the contract`] : []),
      ];
      if (problems.length > 0) throw new Error(`${problems.join(', ')}; the same command asks for them again`);
    });
  }
}

function sumOf(ranges: readonly TimeRange[]): number {
  return ranges.reduce((sum, range) => sum + minutesIn(range), 0);
}
