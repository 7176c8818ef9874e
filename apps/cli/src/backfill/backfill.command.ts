import { Command, Option } from 'nest-commander';
import { BinanceModule } from '@app/binance';
import {
  BackfillHistoryUseCase,
  CaptureModule,
  ChosenSymbols,
  type BackfillHistoryReport,
  type FailedDay,
  type FailedSymbol,
  type LeftOutOfSymbol,
} from '@app/capture';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { Clock, DAY, floorTo, formatDate, MAX_DAYS, minutesIn, type EpochMicros, type TimeRange } from '@app/domain';
import { StorageHistoryModule } from '@app/storage';
import { wholeNumberOption } from '../options/parse-options';
import { SpanCommand, type SpanOptions } from '../options/span-command';
import { UsageError } from '../options/usage.error';
import { LEFT_OUT_COLUMNS } from '../terminal/left-out-columns';
import { Terminal } from '../terminal/terminal';
import type { TableColumn } from '../terminal/table';
import { CommandWork, type CommandModules } from '../work/command-work';

interface BackfillOptions extends SpanOptions {
  readonly days?: string;
}

const COLUMNS: readonly TableColumn<FailedDay>[] = [
  { title: 'symbol', cell: ({ symbol }) => symbol },
  { title: 'day', cell: ({ range }) => formatDate(range.start) },
  { title: 'reason', cell: ({ reason }) => reason },
];

const SYMBOL_COLUMNS: readonly TableColumn<FailedSymbol>[] = [
  { title: 'symbol', cell: ({ symbol }) => symbol },
  { title: 'reason', cell: ({ reason }) => reason },
];

const MODULES = (): CommandModules => [
  CaptureModule.onDemand({
    process: 'cli',
    capture: ['candles'],
    imports: [BinanceModule.forRoot(), StorageHistoryModule],
  }),
];

@Command({
  name: 'backfill',
  description:
    'Fills whole UTC days of the past: from the file archive of the exchange, then over REST; goes on where it was',
})
export class BackfillCommand extends SpanCommand {
  constructor(
    private readonly work: CommandWork,
    private readonly terminal: Terminal,
  ) {
    super();
  }

  @Option({ flags: '--symbols <list>', description: 'symbols, separated by commas (default: SYMBOLS)' })
  override symbolsText(text: string): string {
    return text;
  }

  @Option({
    flags: '--days <number>',
    description: 'that many whole days before today, and today, in place of --from and --to (default: BACKFILL_DAYS)',
  })
  daysText(text: string): string {
    return text;
  }

  async run(_: string[], options: BackfillOptions): Promise<void> {
    const span = this.span(options);
    const days = wholeNumberOption('--days', options.days, 0, MAX_DAYS);
    if (days !== undefined && (span.range.start ?? span.range.end) !== undefined) {
      throw new UsageError('--days', String(days), 'either --days or --from and --to');
    }
    await this.work.run(MODULES, async (context, signal) => {
      const config = context.get<AppConfig>(APP_CONFIG);
      const now = context.get(Clock).now();
      const range = rangeOf(span.range, days ?? config.ingest.backfillDays, now);
      const progress = this.terminal.progress('days');
      const symbols = span.symbols ?? (await context.get(ChosenSymbols).all(signal));
      const report = await context
        .get(BackfillHistoryUseCase)
        .execute({ symbols, range }, signal, ({ job, daysDone, daysTotal, rows }) => {
          progress.report({
            done: daysDone,
            total: daysTotal,
            rows,
            at: `${job.symbol} ${formatDate(job.range.start)}`,
          });
        })
        .finally(() => {
          progress.end();
        });
      this.tell(report);
      const problem = shortfall(report);
      if (problem !== '' && !signal.aborted) throw new Error(problem);
    });
  }

  private tell({ days, rows, failed, failedSymbols, unlisted, leftOut, left }: BackfillHistoryReport): void {
    if (failedSymbols.length > 0) this.terminal.table(SYMBOL_COLUMNS, failedSymbols);
    if (failed.length > 0) this.terminal.table(COLUMNS, failed);
    if (leftOut.length > 0) this.terminal.table(LEFT_OUT_COLUMNS, leftOut);
    for (const { symbol, days: count } of unlisted) {
      this.terminal.line(`${symbol} is not listed by the exchange: ${archiveDays(count)}`);
    }
    if (days + failed.length + left + failedSymbols.length === 0)
      this.terminal.line('nothing to do: no minute is missing');
    else this.terminal.line(`${days} days filled, ${rows} minutes new`);
  }
}

function rangeOf({ start, end }: Partial<TimeRange>, days: number, now: EpochMicros): TimeRange {
  return { start: start ?? floorTo(end ?? now, DAY) - days * DAY, end: end ?? now };
}

/** What the run could not do; empty when it did all. */
function shortfall({ failed, failedSymbols, leftOut, left }: BackfillHistoryReport): string {
  const parts = [
    counted(failedSymbols.length, 'symbol', 'could not be filled'),
    counted(failed.length, 'day', 'could not be filled'),
    counted(left, 'day', left === 1 ? 'was not tried' : 'were not tried'),
    counted(minutesOf(leftOut), 'minute', 'left out: their rows break the contract'),
  ].filter((part) => part !== '');
  return parts.length === 0 ? '' : `${parts.join(', ')}; the same command tries them again`;
}

function minutesOf(leftOut: readonly LeftOutOfSymbol[]): number {
  return leftOut.reduce((sum, range) => sum + minutesIn(range), 0);
}

function counted(count: number, unit: string, what: string): string {
  return count === 0 ? '' : `${count} ${unit}${count === 1 ? '' : 's'} ${what}`;
}

function archiveDays(count: number): string {
  return `${count} ${count === 1 ? 'day' : 'days'} from its archive alone`;
}
