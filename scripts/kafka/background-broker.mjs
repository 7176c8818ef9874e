// The broker of `make up`, in the background: its process id and what it said lie beside its data.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { prepareBroker } from './java-broker.mjs';
import { untilReady } from './readiness.mjs';

const FOLDER = resolve(import.meta.dirname, '../../data/kafka');
const PID_FILE = join(FOLDER, 'broker.pid');
const LOG_FILE = join(FOLDER, 'broker.log');
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 30_000;

/**
 * One node has no replica that would still hold what its page cache loses with the power: each append is flushed to
 * disk before it is acknowledged.
 */
const DURABLE = { 'log.flush.interval.messages': '1' };

/** Process id of the broker that an earlier call started and that still runs. */
export function runningPid() {
  if (!existsSync(PID_FILE)) return undefined;
  const pid = Number(readFileSync(PID_FILE, 'utf8'));
  return isBroker(pid) ? pid : undefined;
}

/** Ids are used again: where the system tells, the process must be a broker. */
function isBroker(pid) {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const commandLine = `/proc/${pid}/cmdline`;
  return !existsSync(commandLine) || readFileSync(commandLine, 'utf8').includes('kafka.Kafka');
}

/** Starts the broker and resolves when it answers; throws with what it said last when it does not. */
export async function startInBackground(port) {
  mkdirSync(FOLDER, { recursive: true });
  const { command, args } = prepareBroker({ folder: FOLDER, port, overrides: DURABLE });
  const log = openSync(LOG_FILE, 'w');
  const child = spawn(command, args, { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  writeFileSync(PID_FILE, `${child.pid}\n`);
  child.unref();
  const isAlive = () => child.exitCode === null && child.signalCode === null;
  if (await untilReady(`127.0.0.1:${port}`, { limitMs: START_LIMIT_MS, isAlive })) return child.pid;
  if (isAlive()) child.kill('SIGKILL');
  rmSync(PID_FILE, { force: true });
  throw new Error(`The broker did not come up; it said:\n${readFileSync(LOG_FILE, 'utf8').slice(-2_000)}`);
}

/** Ends the broker cleanly; false when none runs. */
export async function stopInBackground() {
  const pid = runningPid();
  if (pid !== undefined) {
    process.kill(pid, 'SIGTERM');
    const deadline = performance.now() + STOP_LIMIT_MS;
    while (isBroker(pid)) {
      if (performance.now() > deadline) {
        throw new Error(`The broker (process ${pid}) did not end within ${STOP_LIMIT_MS / 1_000} s of SIGTERM`);
      }
      await delay(100);
    }
  }
  rmSync(PID_FILE, { force: true });
  return pid !== undefined;
}
