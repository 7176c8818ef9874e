import { connect } from 'node:net';
import { healthReason } from '@app/domain';

/** Another process of the platform that says of itself how it does. */
export interface RemoteProcess {
  readonly name: string;
  /** Address without a path. */
  readonly url: string;
}

/** Injection token of the processes that `/health` asks; empty where this process is the capture owner itself. */
export const REMOTE_PROCESSES = Symbol('RemoteProcesses');

/** Real time that a remote process has for its answer. */
const TIMEOUT_MS = 500;
/** And to take a connection, after it gave none. */
const CONNECT_TIMEOUT_MS = 250;
const MAX_ANSWER_LENGTH = 1_000_000;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

export type ProcessState = 'ok' | 'degraded' | 'unknown';

export interface ProcessSummary {
  readonly state: ProcessState;
  /** Why the state is not ok; empty otherwise. */
  readonly detail: string;
  /** What there is to say beside it, one readable line each; none of it is a fault. */
  readonly notes?: readonly string[];
  /** What the process said. */
  readonly status?: unknown;
  /** Whether it is there, and takes connections, but does not answer. */
  readonly hangs?: boolean;
}

const SILENT: ProcessSummary = { state: 'unknown', detail: healthReason`gave no readable answer within 500 ms` };
const HANGING: ProcessSummary = {
  state: 'unknown',
  detail: healthReason`takes connections and does not answer: it stands still, or has too much to do`,
  hangs: true,
};

/**
 * Reads what a process says of itself: `status` (of its `/health`) or `state` (of what it leaves in the store) is ok or
 * degraded, with the reasons beside it.
 */
export function summaryOf(answer: unknown): ProcessSummary {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return SILENT;
  const { status, state = status, reasons, problem, notes } = answer as Readonly<Record<string, unknown>>;
  const said = textsOf(Array.isArray(reasons) ? reasons : [problem]);
  const isOk = state === 'ok';
  const noted = [...(isOk ? said : []), ...textsOf(notes)];
  const beside = noted.length === 0 ? {} : { notes: noted };
  if (isOk) return { state, detail: '', ...beside, status: answer };
  if (state === 'degraded') return { state, detail: said.join('; '), ...beside, status: answer };
  return { state: 'unknown', detail: healthReason`does not say how it does`, status: answer };
}

function textsOf(items: unknown): string[] {
  const list: unknown[] = Array.isArray(items) ? items : [];
  return list.filter((item): item is string => typeof item === 'string' && item !== '');
}

/** Asks a process for its `/health`; a silent one is `unknown`, never an error. */
export async function askProcess({ url }: RemoteProcess): Promise<ProcessSummary> {
  try {
    const response = await fetch(`${url}/health`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'error',
      headers: { accept: 'application/json' },
    });
    const text = await response.text();
    if (!response.ok || text.length > MAX_ANSWER_LENGTH) return SILENT;
    return summaryOf(JSON.parse(text));
  } catch (error) {
    const isLate = (error as Error).name === 'TimeoutError';
    return isLate && (await takesConnections(url)) ? HANGING : SILENT;
  }
}

/** The system takes connections for a process that stands still, and for none that is gone. */
function takesConnections(url: string): Promise<boolean> {
  const { protocol, hostname, port } = new URL(url);
  const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || DEFAULT_PORTS[protocol]) });
  return new Promise((resolve) => {
    const end = (isTaken: boolean): void => {
      socket.destroy();
      resolve(isTaken);
    };
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => {
      end(false);
    });
    socket.once('connect', () => {
      end(true);
    });
    socket.once('error', () => {
      end(false);
    });
  });
}
