import { readFileSync, readlinkSync } from 'node:fs';

/** Which process of which machine something belongs to; process ids come again, starts do not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When the process started, in ticks since the boot. */
  readonly started: string;
  /** The boot and the set of process ids (of a container, or of the machine) that the two belong to. */
  readonly space: string;
}

/** Fields of `/proc/<pid>/stat` behind the name of the program, which may hold anything. */
const STATE = 0;
const START = 19;
/** States of processes that have ended and are only waited for. */
const ENDED: ReadonlySet<string> = new Set(['Z', 'X', 'x']);

function statusOf(pid: number): { readonly state: string; readonly started: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state, started] = [fields[STATE], fields[START]];
    return state === undefined || started === undefined ? undefined : { state, started };
  } catch {
    return undefined;
  }
}

function currentSpace(): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return undefined;
  }
}

/** This process; undefined where the system does not tell (it has no `/proc` as Linux has it). */
export function ownProcess(): ProcessIdentity | undefined {
  const [space, status] = [currentSpace(), statusOf(process.pid)];
  return space === undefined || !status ? undefined : { pid: process.pid, started: status.started, space };
}

/** Whether the process lives for sure; false also where that cannot be seen from here, as in another container. */
export function isAlive({ pid, started, space }: ProcessIdentity): boolean {
  if (space !== currentSpace()) return false;
  const status = statusOf(pid);
  return status?.started === started && !ENDED.has(status.state);
}
