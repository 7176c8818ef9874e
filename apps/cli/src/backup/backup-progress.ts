import type { BackupSummary, BackupWork } from '@app/domain';
import type { Terminal } from '../terminal/terminal';

const MEGABYTE = 1_000_000;

/** Runs work on a backup with its progress shown. */
export async function withProgress<T>(
  terminal: Terminal,
  signal: AbortSignal,
  run: (work: BackupWork) => Promise<T>,
): Promise<T> {
  const progress = terminal.progress('bytes');
  const onProgress: BackupWork['onProgress'] = ({ bytesDone: done, bytesTotal: total, file: at }) => {
    progress.report({ done, total, at });
  };
  try {
    return await run({ signal, onProgress });
  } finally {
    progress.end();
  }
}

/** `the database and 12 raw files, 512.0 MB in 80.1 MB`. */
export function describeContents({ rawFiles, bytes, contentBytes }: BackupSummary): string {
  const megabytes = (count: number): string => `${(count / MEGABYTE).toFixed(1)} MB`;
  return `the database and ${rawFiles} raw files, ${megabytes(contentBytes)} in ${megabytes(bytes)}`;
}

/** A line for each raw file that had not been whole when the backup was made. */
export function describeDamage({ damaged }: BackupSummary): string[] {
  return damaged.map(({ name, damage }) =>
    damage === 'short'
      ? `${name} had lost lines before the backup was made: the backup has what was left`
      : `${name} had been altered before the backup was made: the backup has it as it was`,
  );
}
