import { readFile } from 'node:fs/promises';

const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];

/** A line of these tables: local and remote address, state, and the bytes that the peer has not acknowledged, all in hex. */
const LINE = /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]{2} ([0-9A-F]{8}):/gm;

/**
 * Bytes that the kernel holds for the readers of a port, by the port at their end. What it takes for a reader is not what
 * the reader takes: it accepts up to some megabytes ahead, and then nothing until a third of that is read, which a slow
 * reader needs a minute for. Empty where the system does not tell (only Linux does).
 */
export async function kernelSendQueues(localPort: number): Promise<ReadonlyMap<number, number>> {
  const queues = new Map<number, number>();
  const local = localPort.toString(16).toUpperCase().padStart(4, '0');
  for (const table of await Promise.all(TABLES.map((path) => readFile(path, 'latin1').catch(() => '')))) {
    for (const [, port, remote = '', queued = ''] of table.matchAll(LINE)) {
      if (port !== local) continue;
      const peer = Number.parseInt(remote, 16);
      // Two peers may have the same port at different addresses: their sum changes when either takes something.
      queues.set(peer, (queues.get(peer) ?? 0) + Number.parseInt(queued, 16));
    }
  }
  return queues;
}
