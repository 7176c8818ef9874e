import { readFileSync } from 'node:fs';

/** The JSON in a file; undefined when there is no such file, and when it is not readable as JSON, which is told. */
export function readJsonFile(path: string, unreadable: (reason: string) => void): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') unreadable(message);
    return undefined;
  }
}
