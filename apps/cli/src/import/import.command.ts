import { statSync } from 'node:fs';
import { Command, Option } from 'nest-commander';
import { BinanceModule } from '@app/binance';
import { CaptureModule, ImportFileUseCase } from '@app/capture';
import {
  ArchiveError,
  formatBucketTime,
  isSymbol,
  minutesIn,
  normaliseSymbol,
  SYMBOL_ALLOWED,
  type KlineFileEnd,
  type TimeRange,
} from '@app/domain';
import { StorageHistoryModule } from '@app/storage';
import { CliCommand } from '../options/cli-command';
import { UsageError } from '../options/usage.error';
import { Terminal } from '../terminal/terminal';
import type { TableColumn } from '../terminal/table';
import { CommandWork, type CommandModules } from '../work/command-work';

interface ImportOptions {
  readonly symbol?: string;
  readonly origin?: string;
  readonly spot?: boolean;
  readonly replace?: boolean;
}

/** What became of a file: numbers, or why there are none. */
interface FileResult {
  readonly file: string;
  readonly rows?: number;
  readonly taken?: number;
  readonly revisions?: number;
  readonly result: string;
}

const COLUMNS: readonly TableColumn<FileResult>[] = [
  { title: 'file', cell: ({ file }) => file },
  { title: 'rows', cell: ({ rows }) => String(rows ?? ''), right: true },
  { title: 'new', cell: ({ taken }) => String(taken ?? ''), right: true },
  { title: 'revised', cell: ({ revisions }) => String(revisions ?? ''), right: true },
  { title: 'result', cell: ({ result }) => result },
];

const BYTES_OF_KB = 1_000;

/** A range of minutes that did not simply become what the file says. */
interface NotedMinutes extends TimeRange {
  readonly file: string;
  readonly what: string;
  readonly detail: string;
}

const LEFT_OUT = 'left out';

const NOTED_COLUMNS: readonly TableColumn<NotedMinutes>[] = [
  { title: 'file', cell: ({ file }) => file },
  { title: 'from', cell: ({ start }) => formatBucketTime(start) },
  { title: 'minutes', cell: (range) => String(minutesIn(range)), right: true },
  { title: 'outcome', cell: ({ what }) => what },
  { title: 'reason', cell: (range) => (minutesIn(range) > 1 ? `first: ${range.detail}` : range.detail) },
];

/** Lines of a list of minutes; a file of another source may differ in all of them. */
const MOST_LISTED = 200;

const MODULES = (): CommandModules => [
  CaptureModule.onDemand({
    process: 'cli',
    capture: ['candles'],
    imports: [BinanceModule.forRoot(), StorageHistoryModule],
  }),
];

@Command({
  name: 'import',
  arguments: '<files...>',
  description:
    'Imports 1m klines of the spot market from disk: the exchange’s archive files as zip, gzip or CSV, checked against ' +
    'FILE.CHECKSUM where there is one. A futures file looks like a spot file: same columns, same name. It is refused ' +
    'when its name, folder or header tells; otherwise it cannot be told apart, so import downloads of data/spot only',
})
export class ImportCommand extends CliCommand {
  constructor(
    private readonly work: CommandWork,
    private readonly terminal: Terminal,
  ) {
    super();
  }

  @Option({
    flags: '--symbol <symbol>',
    description: 'symbol of files whose names do not say it; must agree with those that do',
  })
  symbolText(text: string): string {
    return normaliseSymbol(text);
  }

  @Option({ flags: '--origin <origin>', description: 'where the files come from (default: binance)' })
  originText(text: string): string {
    return text;
  }

  @Option({
    flags: '--spot',
    description: 'the files are of the spot market, although name, folder or header are those of the futures market',
  })
  spotFlag(): boolean {
    return true;
  }

  @Option({
    flags: '--replace',
    description: 'replace stored minutes that have more trades than the file too (default: they stay, and are listed)',
  })
  replaceFlag(): boolean {
    return true;
  }

  async run(
    files: string[],
    { symbol, origin, spot: isKnownSpot = false, replace = false }: ImportOptions,
  ): Promise<void> {
    if (symbol !== undefined && !isSymbol(symbol)) throw new UsageError('--symbol', symbol, SYMBOL_ALLOWED);
    if (origin !== undefined && !/^\S+$/.test(origin))
      throw new UsageError('--origin', origin, 'a name without blanks, such as binance');
    await this.work.run(MODULES, async (context, signal) => {
      const importFile = context.get(ImportFileUseCase);
      const progress = this.terminal.progress('kB');
      const total = files.reduce((sum, file) => sum + sizeOf(file), 0);
      const results: FileResult[] = [];
      const noted: NotedMinutes[] = [];
      let [bytesBefore, rowsBefore] = [0, 0];
      for (const file of files) {
        try {
          const { end, taken, revisions, replaced } = await importFile.execute(
            file,
            {
              ...(symbol === undefined ? {} : { symbol }),
              ...(origin === undefined ? {} : { origin }),
              isKnownSpot,
              replace,
              onProgress: ({ bytes, rows }) => {
                const done = Math.round((bytesBefore + bytes) / BYTES_OF_KB);
                progress.report({ done, total: Math.round(total / BYTES_OF_KB), rows: rowsBefore + rows, at: file });
              },
            },
            signal,
          );
          noted.push(...end.leftOut.map((minutes) => ({ ...minutes, file, what: LEFT_OUT })));
          noted.push(...replaced.map((minutes) => ({ ...minutes, file, what: 'replaced' })));
          results.push({ file, rows: end.rows, taken, revisions, result: resultOf(end) });
          rowsBefore += end.rows;
        } catch (error) {
          if (!(error instanceof ArchiveError)) throw error;
          results.push({ file, result: error.message });
        } finally {
          progress.end();
        }
        bytesBefore += sizeOf(file);
      }
      this.terminal.table(COLUMNS, results);
      this.list(noted);
      const failures = results.filter(({ rows }) => rows === undefined).length;
      const leftOut = amountOf(noted.filter(({ what }) => what === LEFT_OUT));
      const shortfalls = [
        ...(failures > 0 ? [`${failures} of ${files.length} files could not be imported`] : []),
        ...(leftOut === '' ? [] : [`${leftOut} left out, listed above with the reason`]),
      ];
      if (shortfalls.length > 0) throw new Error(shortfalls.join('; '));
    });
  }

  private list(noted: readonly NotedMinutes[]): void {
    if (noted.length === 0) return;
    this.terminal.line('');
    this.terminal.table(NOTED_COLUMNS, noted.slice(0, MOST_LISTED));
    const rest = noted.slice(MOST_LISTED);
    if (rest.length > 0) this.terminal.line(`and ${amountOf(rest)} more`);
  }
}

function resultOf({ rows, leftOut }: KlineFileEnd): string {
  const amount = amountOf(leftOut);
  if (amount === '') return 'imported';
  return `${rows === 0 ? 'nothing imported' : 'imported'}, ${amount} left out`;
}

/** Empty for none. A range without a minute is a row of which nobody can say where it belongs. */
function amountOf(ranges: readonly TimeRange[]): string {
  const minutes = ranges.reduce((sum, range) => sum + minutesIn(range), 0);
  const rows = ranges.filter((range) => minutesIn(range) === 0).length;
  return [counted(minutes, 'minute'), counted(rows, 'row')].filter((part) => part !== '').join(' and ');
}

function counted(count: number, unit: string): string {
  return count === 0 ? '' : `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** Nothing for a file that is not there: its import will say so. */
function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
