import { closeSync, fdatasyncSync, fstatSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { formatEventTime, type Clock, type OutgoingEvent } from '@app/domain';
import { makeFolder, writeFully } from '@app/files';

/** Why an event was set aside; an event that breaks its contract also names the field. */
export interface Rejection {
  readonly message: string;
  readonly field?: string;
}

/** Events that can never be taken, each as a JSON line with the reason: kept for a person to look at. */
export class RejectedLog {
  constructor(
    private readonly path: string,
    private readonly clock: Clock,
  ) {}

  /** Appends and flushes; throws when the disk takes nothing. */
  append(origin: string, event: OutgoingEvent, { field, message }: Rejection): void {
    const line = JSON.stringify({
      rejected_at: formatEventTime(this.clock.now()),
      origin,
      kind: event.kind,
      symbol: event.symbol,
      field: field ?? null,
      error: message,
      value: event.value,
    });
    makeFolder(dirname(this.path));
    const handle = openSync(this.path, 'a');
    try {
      writeFully(handle, Buffer.from(`${line}\n`, 'utf8'), fstatSync(handle).size);
      fdatasyncSync(handle);
    } finally {
      closeSync(handle);
    }
  }
}
