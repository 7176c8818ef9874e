import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/**
 * Ports for servers that come and go while clients keep trying them. They lie outside the ports that the system hands to
 * outgoing connections (Linux 32768 to 60999, macOS from 49152): a client that retries a dead port among those can
 * connect to itself.
 */
const FIRST_PORT = 20_000;
const BLOCK_SIZE = 4;
const BLOCKS = 2_000;

/** Consecutive ports that are this process's own until they are released, whether anything listens on them or not. */
export interface PortBlock {
  readonly ports: readonly [number, number, number];
  release: () => void;
}

/**
 * Takes a block of ports. Several jest workers and checkouts run at once, so the first port of the block is held by a
 * listening socket for as long as the block is taken: it falls with its process.
 */
export async function reservePortBlock(): Promise<PortBlock> {
  const start = Math.floor(Math.random() * BLOCKS);
  for (let step = 0; step < BLOCKS; step += 1) {
    const first = FIRST_PORT + ((start + step) % BLOCKS) * BLOCK_SIZE;
    const holder = await listen(first);
    if (holder === undefined) continue;
    const ports = [first + 1, first + 2, first + 3] as const;
    if (await areFree(ports)) {
      holder.unref();
      return { ports, release: () => holder.close() };
    }
    holder.close();
  }
  throw new Error(`every port from ${FIRST_PORT} to ${FIRST_PORT + BLOCKS * BLOCK_SIZE - 1} is in use`);
}

/** Ports for as many servers as a test starts, each its own until all are released. */
export class PortSupply {
  private readonly blocks: PortBlock[] = [];
  private unused: number[] = [];

  async next(): Promise<number> {
    const port = this.unused.pop();
    if (port !== undefined) return port;
    const block = await reservePortBlock();
    this.blocks.push(block);
    this.unused = [...block.ports];
    return this.next();
  }

  release(): void {
    for (const block of this.blocks.splice(0)) block.release();
    this.unused = [];
  }
}

async function areFree(ports: readonly number[]): Promise<boolean> {
  for (const port of ports) {
    const probe = await listen(port);
    if (probe === undefined) return false;
    probe.close();
    await once(probe, 'close');
  }
  return true;
}

async function listen(port: number): Promise<Server | undefined> {
  const server = createServer();
  server.listen({ port, host: '127.0.0.1', exclusive: true });
  try {
    await once(server, 'listening');
    return server;
  } catch {
    return undefined;
  }
}
