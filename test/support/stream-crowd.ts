import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { eventually } from './app-process';

/** What a process of readers is told. */
export type CrowdOrder =
  | {
      readonly kind: 'open';
      readonly url: string;
      readonly readers: readonly CrowdReader[];
      /** Each reader is cut at a random moment, this far from the one before on average; 0 is never. */
      readonly cutEveryMs: number;
      readonly seed: number;
    }
  /** Cuts every reader a last time. */
  | { readonly kind: 'rejoin' }
  | { readonly kind: 'report' };

export interface CrowdReader {
  readonly path: string;
  /** File in which it keeps every event, a line each: its name, a space, its data. */
  readonly keepIn?: string;
}

/** What a reader has had since it was opened, whole events alone. */
export interface ReaderReport {
  readonly count: number;
  /** SHA-256 over the data of all events, a line feed behind each. */
  readonly hash: string;
  readonly gaps: number;
  /** Connections that the reader itself has cut. */
  readonly cuts: number;
  /** Connections that the server ended or that broke, refusals to connect included. */
  readonly breaks: number;
  /** Streams that the server ended in order, but within an event. */
  readonly torn: number;
  /** Whether it is connected and has been told where it is. */
  readonly isOpen: boolean;
}

/** Node reads the types of this one by itself: it imports nothing. */
const PROGRAM = resolve(__dirname, 'stream-crowd.process.mts');

/** Readers of streams in processes of their own, each of which is cut now and then and goes on behind its last event. */
export class StreamCrowd {
  /** Rejects when a process has ended. */
  private readonly ended: Promise<never>;

  private constructor(private readonly processes: readonly ChildProcess[]) {
    this.ended = Promise.race(
      processes.map(async (child): Promise<never> => {
        await once(child, 'exit');
        throw new Error('a process of readers has ended');
      }),
    );
    this.ended.catch(() => undefined);
  }

  static open(
    url: string,
    readers: readonly CrowdReader[],
    { processes, cutEveryMs, seed }: { readonly processes: number; readonly cutEveryMs: number; readonly seed: number },
  ): StreamCrowd {
    const children = Array.from({ length: processes }, (_, index) => {
      const child = fork(PROGRAM, [], { execArgv: ['--disable-warning=ExperimentalWarning'] });
      const own = readers.filter((__, reader) => reader % processes === index);
      tell(child, { kind: 'open', url, readers: own, cutEveryMs, seed: seed + index });
      return child;
    });
    return new StreamCrowd(children);
  }

  /** What the readers have had, in the order in which they were given. */
  async reports(): Promise<ReaderReport[]> {
    const answers = await Promise.all(
      this.processes.map(async (child) => {
        const answer = once(child, 'message');
        tell(child, { kind: 'report' });
        const [reports] = (await Promise.race([answer, this.ended])) as [ReaderReport[]];
        return reports;
      }),
    );
    const all = answers.reduce((sum, reports) => sum + reports.length, 0);
    return Array.from({ length: all }, (_, reader) => {
      const report = answers[reader % answers.length]?.[Math.floor(reader / answers.length)];
      if (!report) throw new Error(`reader ${reader} has not reported`);
      return report;
    });
  }

  /** Waits until what all readers have had is as it should be. */
  async until(what: string, isSo: (report: ReaderReport, reader: number) => boolean): Promise<ReaderReport[]> {
    return eventually(
      what,
      async () => {
        const reports = await this.reports();
        const late = reports.findIndex((report, reader) => !isSo(report, reader));
        const report = reports[late];
        if (!report) return reports;
        throw new Error(`reader ${late}: ${JSON.stringify(report)}`);
      },
      undefined,
      500,
    );
  }

  /** Cuts every reader a last time, and waits until all have come again. */
  async rejoin(): Promise<void> {
    for (const child of this.processes) tell(child, { kind: 'rejoin' });
    await this.until('all readers have come again', ({ isOpen }) => isOpen);
  }

  async close(): Promise<void> {
    for (const child of this.processes) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    }
  }
}

function tell(child: ChildProcess, order: CrowdOrder): void {
  child.send(order);
}
