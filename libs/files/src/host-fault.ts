import { accessSync, constants } from 'node:fs';

/** What a machine refuses to every program alike: nothing of the set-up of this one is wrong. */
export type HostFault = 'full' | 'read_only' | 'failing' | 'no_handles';

const FAULTS: Readonly<Record<string, HostFault>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EROFS: 'read_only',
  EIO: 'failing',
  EMFILE: 'no_handles',
  ENFILE: 'no_handles',
};

interface SystemError {
  readonly code?: unknown;
  readonly syscall?: string;
  readonly message?: string;
  readonly cause?: unknown;
}

/** The fault of the machine that an error tells of, itself or what caused it; undefined for any other error. */
export function hostFaultOf(error: unknown): HostFault | undefined {
  const { code, cause } = (error ?? {}) as SystemError;
  const fault = typeof code === 'string' ? FAULTS[code] : undefined;
  return fault ?? (cause === undefined ? undefined : hostFaultOf(cause));
}

/** What the system said, without the path that it names: for those who may not see paths. */
export function reasonWithoutPath(error: unknown): string {
  const { syscall, message, cause } = (error ?? {}) as SystemError;
  if (hostFaultOf(cause) !== undefined) return reasonWithoutPath(cause);
  if (message === undefined) return String(error);
  return syscall === undefined ? message : (message.split(`, ${syscall}`)[0] ?? message);
}

/** Whether the disk that a folder lies on can only be read. */
export function isReadOnlyDisk(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return false;
  } catch (error) {
    return hostFaultOf(error) === 'read_only';
  }
}
