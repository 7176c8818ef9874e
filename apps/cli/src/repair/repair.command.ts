import { Command } from 'nest-commander';
import { BinanceModule } from '@app/binance';
import { CaptureModule, RepairGapsUseCase, type RepairReport } from '@app/capture';
import { SymbolReader } from '@app/domain';
import { StorageHistoryModule, StorageReadModule } from '@app/storage';
import { knownSymbols } from '../options/known-symbols';
import { SpanCommand, type SpanOptions } from '../options/span-command';
import { Terminal } from '../terminal/terminal';
import type { TableColumn } from '../terminal/table';
import { CommandWork, type CommandModules } from '../work/command-work';

const COLUMNS: readonly TableColumn<RepairReport>[] = [
  { title: 'symbol', cell: ({ symbol }) => symbol },
  { title: 'missing before', cell: ({ missingBefore }) => String(missingBefore), right: true },
  { title: 'settled', cell: ({ settled }) => String(settled), right: true },
  { title: 'still missing', cell: ({ missingAfter }) => String(missingAfter), right: true },
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
    });
  }
}
