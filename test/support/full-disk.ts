import { execFileSync } from 'node:child_process';
import type { AppProcess } from './app-process';

/**
 * Keeps every file of a process from growing beyond a length, as a full disk does: the system takes what fits and refuses
 * the rest. Needs util-linux, which every Linux has.
 */
export function limitFiles(process: AppProcess, bytes: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`]);
}
