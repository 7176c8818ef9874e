import type { IncomingMessage } from 'node:http';
import type { FastifyReply } from 'fastify';
import { pathPrefixOf } from '@app/config';
import type { HttpOptions } from './http-options';

/** In which a proxy says which path it took off (Traefik does by itself). */
const PREFIX_HEADER = 'X-Forwarded-Prefix';

type WithHeaders = Pick<IncomingMessage, 'headers'>;

/**
 * Where this server lies as its visitors see it, who may come through a proxy that takes a path off. Whatever gives an
 * address asks here: the path of `PUBLIC_URL` counts, without it that of `X-Forwarded-Prefix`, from a trusted proxy alone.
 */
export class PublicAddress {
  private readonly url: string | null;
  private readonly configured: string | undefined;
  private readonly hops: number;

  constructor({ publicUrl, trustProxyHops }: Pick<HttpOptions, 'publicUrl' | 'trustProxyHops'>) {
    this.url = publicUrl;
    this.configured = publicUrl === null ? undefined : pathPrefixOf(new URL(publicUrl).pathname);
    this.hops = trustProxyHops;
  }

  /** The path in front of ours: '' where there is none, and never a slash at its end. */
  prefixOf(request: WithHeaders): string {
    return this.configured ?? this.forwardedPrefix(request);
  }

  /** The path in front of ours where the request shows that it came through the proxy that takes it off. */
  passedPrefixOf(request: WithHeaders): string {
    return this.forwardedPrefix(request) === '' ? '' : this.prefixOf(request);
  }

  /** What is in front of a path that was asked for and that no proxy took off, as it should have; '' where none is. */
  leftOnOf(request: WithHeaders, path: string): string {
    const prefix = this.prefixOf(request);
    return `${path}/`.startsWith(`${prefix}/`) ? prefix : '';
  }

  /** The server as descriptions name it: whole where that is known. */
  serverUrl(request: WithHeaders): string {
    if (this.url !== null) return this.url;
    return this.prefixOf(request) || '/';
  }

  /** Says that an answer holds what {@link prefixOf} gave: a cache must not give one visitor the path of another. */
  varyByPrefix(reply: FastifyReply): void {
    if (this.configured === undefined) this.varyByPassedPrefix(reply);
  }

  /** The same of {@link passedPrefixOf}. */
  varyByPassedPrefix(reply: FastifyReply): void {
    if (this.hops === 0) return;
    const vary = reply.getHeader('vary');
    reply.header('vary', vary === undefined ? PREFIX_HEADER : `${String(vary)}, ${PREFIX_HEADER}`);
  }

  /**
   * What the proxies in front took off, the outermost first. Each adds its part behind what it was sent, so as many
   * values as there are proxies count, from the right; what stands left of them was written by the client.
   */
  private forwardedPrefix({ headers }: WithHeaders): string {
    const header = this.hops === 0 ? undefined : headers['x-forwarded-prefix'];
    if (header === undefined) return '';
    const values = (typeof header === 'string' ? header : header.join(',')).split(',').slice(-this.hops);
    const parts = values.map((value) => pathPrefixOf(value.trim()));
    return parts.includes(undefined) ? '' : (pathPrefixOf(parts.join('')) ?? '');
  }
}
