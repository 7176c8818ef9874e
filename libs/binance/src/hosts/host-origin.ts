import { originOfHost, venueOf } from '@app/domain';
import { httpGet, TransportError, type HttpAnswer } from '../transport/http-get';
import type { ProxyGate } from '../transport/proxy-gate';
import type { ExchangeHost } from './host-pool';

const PROBE_TIMEOUT_MS = 3_000;
const PROBE_BODY_BYTES = 65_536;
/** A simulator may be started anew with another seed between two requests: its origin is confirmed this often. */
const SIMULATOR_CONFIRM_MS = 10_000;
const ORIGIN_TEXT = /^[\x21-\x7e]{1,200}$/;

/** Refusals of the moment, which say nothing of whether the host has such a route. */
const NOT_NOW: ReadonlySet<number> = new Set([408, 418, 425, 429]);

/** Finds out where the data of a host comes from, so that no other venue or simulated data passes for the exchange's. */
export class HostOriginResolver {
  private readonly probes = new Map<ExchangeHost, Promise<string>>();

  constructor(
    private readonly timeoutMs: number,
    private readonly proxies?: ProxyGate,
  ) {}

  /** Binance's own hosts are not asked for a route that they are known not to have. @throws TransportError when the host did not say */
  async resolve(host: ExchangeHost): Promise<string> {
    const { hostname } = new URL(host.baseUrl);
    const venue = venueOf(hostname);
    if (venue !== undefined) return (host.origin = venue);
    const fresh =
      host.origin === originOfHost(hostname) || performance.now() - host.originConfirmedAt < SIMULATOR_CONFIRM_MS;
    if (host.origin !== undefined && fresh) return host.origin;
    let probe = this.probes.get(host);
    if (probe === undefined) {
      // Callers share it, so none of their signals ends it.
      probe = this.ask(host).finally(() => this.probes.delete(host));
      this.probes.set(host, probe);
    }
    return probe;
  }

  private async ask(host: ExchangeHost): Promise<string> {
    const answer = await httpGet(`${host.baseUrl}/_simulator/origin`, {
      timeoutMs: Math.min(PROBE_TIMEOUT_MS, this.timeoutMs),
      maxBodyBytes: PROBE_BODY_BYTES,
      proxies: this.proxies,
    });
    const origin = readOrigin(answer) ?? originOfHost(new URL(host.baseUrl).hostname);
    host.origin = origin;
    host.originConfirmedAt = performance.now();
    return origin;
  }
}

/** The origin that the host names itself; undefined where it has no such route. @throws TransportError when it did not say */
function readOrigin({ status, headers, text }: HttpAnswer): string | undefined {
  if (status >= 400 && status < 500 && !NOT_NOW.has(status)) return undefined;
  if (status !== 200) throw new TransportError('connection', `HTTP ${status} when asked for its origin`);
  if (!(headers.get('content-type') ?? '').includes('json')) return undefined;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new TransportError('unreadable_body', 'its origin is not readable JSON', { cause: error });
  }
  const origin = (body as { origin?: unknown } | null)?.origin;
  if (origin === undefined) return undefined;
  if (typeof origin !== 'string' || !ORIGIN_TEXT.test(origin)) {
    throw new TransportError('unreadable_body', 'its origin is not a short text');
  }
  return origin;
}
