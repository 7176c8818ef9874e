import { Command, Option } from 'nest-commander';
import { BiModule, EXPORT_FORMATS, ExportCandlesUseCase, type ExportFormat, type ExportProgress } from '@app/bi';
import { CANDLE_INTERVALS, SymbolReader, type CandleInterval } from '@app/domain';
import { ParquetModule } from '@app/parquet';
import { StorageReadModule } from '@app/storage';
import { knownSymbols } from '../options/known-symbols';
import { newFileOption, pathError } from '../options/parse-options';
import { SpanCommand, type SpanOptions } from '../options/span-command';
import { UsageError } from '../options/usage.error';
import { Terminal } from '../terminal/terminal';
import { CommandWork } from '../work/command-work';

interface ExportOptions extends SpanOptions {
  readonly interval?: string;
  readonly format?: string;
  readonly out?: string;
}

/** One of the names that are allowed. @throws UsageError */
function oneOf<Name extends string>(option: string, text: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === text);
  if (found === undefined) throw new UsageError(option, text, names.join(', '));
  return found;
}

@Command({ name: 'export', description: 'Writes candles as CSV, JSONL or Parquet, to a file or to stdout' })
export class ExportCommand extends SpanCommand {
  constructor(
    private readonly work: CommandWork,
    private readonly terminal: Terminal,
  ) {
    super();
  }

  @Option({ flags: '--interval <interval>', description: `${CANDLE_INTERVALS.join(' ')} (default: 1m)` })
  intervalText(text: string): string {
    return text;
  }

  @Option({ flags: '--format <format>', description: `${EXPORT_FORMATS.join(', ')} (default: csv)` })
  formatText(text: string): string {
    return text;
  }

  @Option({ flags: '--out <file>', description: 'file that is written anew (default: stdout; Parquet needs a file)' })
  outText(text: string): string {
    return text;
  }

  async run(_: string[], options: ExportOptions): Promise<void> {
    const span = this.span(options);
    const interval: CandleInterval = oneOf('--interval', options.interval ?? '1m', CANDLE_INTERVALS);
    const format: ExportFormat = oneOf('--format', options.format ?? 'csv', EXPORT_FORMATS);
    const out = newFileOption('--out', options.out);
    if (out === undefined && format === 'parquet') throw new UsageError('--out', '', 'a file: Parquet cannot be piped');
    await this.work.run(
      () => [BiModule.export([StorageReadModule, ParquetModule])],
      async (context, signal) => {
        const symbols = await knownSymbols(context.get(SymbolReader), span.symbols);
        const request = { symbols, interval, range: span.range };
        const exporting = context.get(ExportCandlesUseCase);
        const progress = this.terminal.progress('minutes');
        const onProgress = ({ rows, minutesDone: done, minutesTotal: total }: ExportProgress): void => {
          progress.report({ done, total, rows });
        };
        try {
          if (out !== undefined) {
            const rows = await exporting.toFile(request, format, out, signal, onProgress).catch((error: unknown) => {
              throw pathError('--out', out, error);
            });
            progress.end();
            this.terminal.line(`${rows} candles are in ${out}`);
          } else if (format !== 'parquet') {
            // On a terminal the candles themselves show how far it is.
            const told = process.stdout.isTTY ? () => undefined : onProgress;
            await exporting.toStream(request, format, process.stdout, signal, told);
          }
        } finally {
          progress.end();
        }
      },
      out === undefined ? 'not all candles were written' : `${out} is as it was`,
    );
  }
}
