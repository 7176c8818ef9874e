import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseSymbols, parseTimeParameter, SYMBOLS_ALLOWED, TIMES_ALLOWED, type EpochMicros } from '@app/domain';
import { UsageError } from './usage.error';

/** Symbols of an option, upper-cased, without repeats; undefined when it was not given. @throws UsageError */
export function symbolsOption(option: string, text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  const symbols = parseSymbols([text]);
  if (!symbols) throw new UsageError(option, text, SYMBOLS_ALLOWED);
  return symbols;
}

/** Time of an option; undefined when it was not given. @throws UsageError */
export function timeOption(option: string, text: string | undefined): EpochMicros | undefined {
  if (text === undefined) return undefined;
  const time = parseTimeParameter(text);
  if (time === undefined) throw new UsageError(option, text, TIMES_ALLOWED);
  return time;
}

/** Whole number of an option; undefined when it was not given. @throws UsageError */
export function wholeNumberOption(
  option: string,
  text: string | undefined,
  least: number,
  most: number,
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (!(value >= least && value <= most)) throw new UsageError(option, text, `a whole number from ${least} to ${most}`);
  return value;
}

/** File that can be written; undefined when none was given. @throws UsageError */
export function newFileOption(option: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  const [folder, file] = [dirname(path), path].map((one) => statSync(one, { throwIfNoEntry: false }));
  if (path === '' || !folder?.isDirectory() || file?.isDirectory()) {
    throw new UsageError(option, path, 'a file in a folder that is there');
  }
  return path;
}

/** Folder that is there; undefined when none was given. @throws UsageError */
export function folderOption(option: string, path: string | undefined): string | undefined {
  if (path === undefined || statSync(path, { throwIfNoEntry: false })?.isDirectory()) return path;
  throw new UsageError(option, path, 'a folder that is there');
}

/** What went wrong with the file or folder of an option, with the option's name; any other error is handed on as it is. */
export function pathError(option: string, path: string, error: unknown): unknown {
  if (!(error instanceof Error) || (error as NodeJS.ErrnoException).syscall === undefined) return error;
  return new Error(`${option}=${JSON.stringify(path)}: ${error.message}`, { cause: error });
}
