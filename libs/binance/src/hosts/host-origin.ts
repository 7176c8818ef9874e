import { httpGet, TransportError } from '../transport/http-get';
import type { ExchangeHost } from './host-pool';

/** Origin of the exchange itself, and of whatever does not name another. */
const BINANCE_ORIGIN = 'binance';
const PROBE_TIMEOUT_MS = 3_000;
const PROBE_BODY_BYTES = 65_536;
/** A simulator may be started anew with another seed between two requests: its origin is confirmed this often. */
const SIMULATOR_CONFIRM_MS = 10_000;
const ORIGIN_TEXT = /^[\x21-\x7e]{1,200}$/;

/** The exchange's own hosts are not asked for a route that they are known not to have. */
function isExchangeItself(host: ExchangeHost): boolean {
  const { hostname } = new URL(host.baseUrl);
  return /(?:^|\.)binance\.(?:com|vision)$/.test(hostname);
}

/** Finds out where the data of a host comes from, so that simulated data never passes for the exchange's. */
export class HostOriginResolver {
  private readonly probes = new Map<ExchangeHost, Promise<string>>();

  constructor(private readonly timeoutMs: number) {}

  /** @throws TransportError when the host did not say */
  async resolve(host: ExchangeHost): Promise<string> {
    if (isExchangeItself(host)) return (host.origin = BINANCE_ORIGIN);
    const fresh = host.origin === BINANCE_ORIGIN || performance.now() - host.originConfirmedAt < SIMULATOR_CONFIRM_MS;
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
    });
    const origin = readOrigin(answer.status, answer.headers, answer.text);
    host.origin = origin;
    host.originConfirmedAt = performance.now();
    return origin;
  }
}

function readOrigin(status: number, headers: Headers, text: string): string {
  if (status >= 400 && status < 500) return BINANCE_ORIGIN;
  if (status !== 200) throw new TransportError('connection', `HTTP ${status} when asked for its origin`);
  if (!(headers.get('content-type') ?? '').includes('json')) return BINANCE_ORIGIN;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new TransportError('unreadable_body', 'its origin is not readable JSON', { cause: error });
  }
  const origin = (body as { origin?: unknown } | null)?.origin;
  if (origin === undefined) return BINANCE_ORIGIN;
  if (typeof origin !== 'string' || !ORIGIN_TEXT.test(origin)) {
    throw new TransportError('unreadable_body', 'its origin is not a short text');
  }
  return origin;
}
