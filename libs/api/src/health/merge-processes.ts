import { formatEventTime, healthReason, processOfInstance } from '@app/domain';
import type { WatchedProcess } from './process-watch';
import { summaryOf, type ProcessSummary } from './remote-processes';

/** What an instance wrote of itself, unless it has been silent since. */
function summaryOfRow({ isSilent, updatedAt, status }: WatchedProcess): ProcessSummary {
  if (isSilent) return { state: 'unknown', detail: healthReason`silent since ${formatEventTime(updatedAt)}` };
  try {
    return summaryOf(JSON.parse(status));
  } catch {
    return { state: 'unknown', detail: healthReason`does not say how it does` };
  }
}

/**
 * How the processes do, by their names. What one says itself comes first; what it wrote to the store stands in where it
 * gives no answer, unless it is there, does not answer, and has not written in time either. The only instance of a process
 * has the name of that; of several, each has its own beside it.
 *
 * @param asked processes that were asked, with what they said
 * @param written what instances wrote to the store
 */
export function mergeProcesses(
  asked: readonly (readonly [string, ProcessSummary])[],
  written: readonly WatchedProcess[],
): Record<string, ProcessSummary> {
  const instancesOf = (name: string): WatchedProcess[] =>
    written.filter((row) => processOfInstance(row.process) === name);
  const processes: Record<string, ProcessSummary> = {};
  for (const row of written) {
    const name = processOfInstance(row.process);
    processes[instancesOf(name).length === 1 ? name : row.process] = summaryOfRow(row);
  }
  for (const [name, summary] of asked) {
    const rows = instancesOf(name);
    const isLate = rows.every((row) => row.isLate);
    const living = rows.map(summaryOfRow).find(({ state }) => state !== 'unknown');
    const standsIn = living !== undefined && !(summary.hangs === true && isLate);
    processes[name] = summary.state === 'unknown' && standsIn ? living : summary;
  }
  return processes;
}
