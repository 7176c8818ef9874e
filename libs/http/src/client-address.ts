import { isIP } from 'node:net';
import type { IncomingMessage } from 'node:http';
import { normalizeIp } from '@nestjs/throttler';

/** An IPv6 customer has at least a network of this many bits. */
const IPV6_CLIENT_BITS = 64;

/**
 * Who sent the request, for counting: with `hops` proxies in front, the address that the outermost of them appended to
 * `X-Forwarded-For`, counted from the right. What stands left of it was written by the client and is never believed;
 * a header with fewer entries than proxies did not come through them, and the peer's own address counts.
 */
export function clientAddress(request: Pick<IncomingMessage, 'headers' | 'socket'>, hops: number): string {
  const peer = request.socket.remoteAddress ?? 'unknown';
  if (hops === 0) return peer;
  const header = request.headers['x-forwarded-for'];
  if (header === undefined) return peer;
  const chain = (typeof header === 'string' ? header : header.join(',')).split(',');
  const named = chain[chain.length - hops]?.trim();
  return named !== undefined && isIP(named) !== 0 ? named : peer;
}

/** The name that a client is counted under: its address, or the network that an IPv6 customer has. */
export function clientName(request: Pick<IncomingMessage, 'headers' | 'socket'>, hops: number): string {
  return normalizeIp(clientAddress(request, hops), IPV6_CLIENT_BITS);
}
