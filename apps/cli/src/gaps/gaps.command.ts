import { Command } from 'nest-commander';
import { CoverageReader, formatBucketTime, minutesIn, SymbolReader, type SymbolCoverage } from '@app/domain';
import { StorageReadModule } from '@app/storage';
import { knownSymbols } from '../options/known-symbols';
import { SpanCommand, type Span, type SpanOptions } from '../options/span-command';
import { Terminal } from '../terminal/terminal';
import type { TableColumn } from '../terminal/table';
import { CommandWork } from '../work/command-work';

const PAGE = 5_000;

const COLUMNS: readonly TableColumn<SymbolCoverage>[] = [
  { title: 'symbol', cell: ({ symbol }) => symbol },
  { title: 'start', cell: ({ start }) => formatBucketTime(start) },
  { title: 'end', cell: ({ end }) => formatBucketTime(end) },
  { title: 'minutes', cell: (gap) => String(minutesIn(gap)), right: true },
  { title: 'reason', cell: ({ reason }) => reason ?? '' },
];

@Command({ name: 'gaps', description: 'Lists the minutes that are missing: not asked for, or asked and failed' })
export class GapsCommand extends SpanCommand {
  constructor(
    private readonly work: CommandWork,
    private readonly terminal: Terminal,
  ) {
    super();
  }

  async run(_: string[], options: SpanOptions): Promise<void> {
    const span = this.span(options);
    await this.work.run(
      () => [StorageReadModule],
      async (context, signal) => {
        const symbols = await knownSymbols(context.get(SymbolReader), span.symbols);
        const gaps: SymbolCoverage[] = [];
        for await (const gap of missing(context.get(CoverageReader), { ...span, symbols }, signal)) {
          gaps.push(gap);
        }
        gaps.sort((a, b) => symbols.indexOf(a.symbol) - symbols.indexOf(b.symbol) || a.start - b.start);
        if (gaps.length > 0) this.terminal.table(COLUMNS, gaps);
        const minutes = gaps.reduce((sum, gap) => sum + minutesIn(gap), 0);
        this.terminal.line(`${minutes} minutes are missing in ${gaps.length} gaps of ${symbols.length} symbols`);
      },
    );
  }
}

/** Missing ranges, page by page, ascending by start. */
async function* missing(
  coverage: CoverageReader,
  { symbols, range }: Span & { readonly symbols: readonly string[] },
  signal: AbortSignal,
): AsyncGenerator<SymbolCoverage> {
  let after: { time: number; symbol: string } | undefined;
  while (!signal.aborted) {
    const page = await coverage.ranges(symbols, range, PAGE, after);
    for (const item of page) if (item.state === 'missing') yield item;
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = { time: last.start, symbol: last.symbol };
  }
}
