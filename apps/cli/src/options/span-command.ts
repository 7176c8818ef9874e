import { Option } from 'nest-commander';
import type { EpochMicros, TimeRange } from '@app/domain';
import { CliCommand } from './cli-command';
import { symbolsOption, timeOption } from './parse-options';
import { UsageError } from './usage.error';

/** Options as typed. */
export interface SpanOptions {
  readonly symbols?: string;
  readonly from?: string;
  readonly to?: string;
}

/** Which symbols a command is about, and what part of their history; what was not given is undefined. */
export interface Span {
  readonly symbols: readonly string[] | undefined;
  readonly range: Partial<TimeRange>;
}

/** A command over some symbols and a half-open range of time. */
export abstract class SpanCommand extends CliCommand {
  @Option({ flags: '--symbols <list>', description: 'symbols, separated by commas (default: all)' })
  symbolsText(text: string): string {
    return text;
  }

  @Option({ flags: '--from <time>', description: 'begin of the range, UTC (default: where the history begins)' })
  fromText(text: string): string {
    return text;
  }

  @Option({ flags: '--to <time>', description: 'end of the range, itself not in it (default: now)' })
  toText(text: string): string {
    return text;
  }

  /** @throws UsageError */
  protected span({ symbols, from, to }: SpanOptions): Span {
    const [start, end] = [timeOption('--from', from), timeOption('--to', to)];
    if (start !== undefined && end !== undefined && start >= end) {
      throw new UsageError('--to', to ?? '', `a time after --from (${from})`);
    }
    return { symbols: symbolsOption('--symbols', symbols), range: rangeOf(start, end) };
  }
}

function rangeOf(start: EpochMicros | undefined, end: EpochMicros | undefined): Partial<TimeRange> {
  return { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) };
}
