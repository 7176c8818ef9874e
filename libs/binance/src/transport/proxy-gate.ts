import type { OnModuleDestroy } from '@nestjs/common';
import type { Dispatcher, ProxyAgent } from 'undici';
import { proxyOf, type ProxySettings } from '@app/config';
import { rootCause } from './root-cause';

/** A proxy that takes the connection must answer within so many milliseconds: what waits behind it has retries to make. */
const PROXY_TIMEOUT_MS = 10_000;
const AUTHENTICATION_REQUIRED = 407;

const NONE: ProxySettings = { http: undefined, https: undefined, bypass: [] };

/** Codes with which no connection to the proxy is made: the address of the exchange is the proxy's to look up. */
const UNREACHABLE: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
]);

/** The proxy that a request goes through. */
export interface ProxyRoute {
  /** Host and port, without user and password. */
  readonly label: string;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** What went wrong, in words that name the proxy. */
  readonly explain: (error: unknown) => string;
}

/** Sends requests the way that HTTP_PROXY, HTTPS_PROXY and NO_PROXY say. */
export class ProxyGate implements OnModuleDestroy {
  private readonly routes = new Map<string, ProxyRoute>();
  private readonly agents: ProxyAgent[] = [];

  constructor(private readonly settings: ProxySettings = NONE) {}

  /** Undefined for what is asked directly. */
  routeTo(url: string): ProxyRoute | undefined {
    const proxy = proxyOf(url, this.settings);
    if (proxy === undefined) return undefined;
    const known = this.routes.get(proxy);
    if (known) return known;
    const route = this.open(proxy);
    this.routes.set(proxy, route);
    return route;
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.agents.splice(0).map((agent) => agent.destroy()));
    this.routes.clear();
  }

  private open(proxy: string): ProxyRoute {
    const { host: label } = new URL(proxy);
    // Loaded only where there is a proxy: Node's own fetch takes no foreign dispatcher, and a second one costs memory.
    const agent = import('undici').then((undici) => {
      const made = new undici.ProxyAgent({
        uri: proxy,
        ...credentialsOf(proxy),
        // An http:// address is asked as a proxy's own: most refuse to open tunnels to port 80.
        proxyTunnel: false,
        clientFactory: (origin, options): Dispatcher =>
          new undici.Pool(origin, { ...options, headersTimeout: PROXY_TIMEOUT_MS }),
      });
      this.agents.push(made);
      return { send: undici.fetch as unknown as typeof fetch, dispatcher: made };
    });
    return {
      label,
      fetch: async (url, init) => {
        const { send, dispatcher } = await agent;
        const options: object = { ...init, dispatcher };
        const response = await send(url, options);
        if (response.status === AUTHENTICATION_REQUIRED) throw new Error(refused(AUTHENTICATION_REQUIRED));
        return response;
      },
      explain: (error) => describe(label, error),
    };
  }
}

function credentialsOf(proxy: string): { token: string } | undefined {
  const { username, password } = new URL(proxy);
  if (username === '') return undefined;
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { token: `Basic ${Buffer.from(pair, 'utf8').toString('base64')}` };
}

function describe(label: string, error: unknown): string {
  const { message, code } = rootCause(error);
  const status = /^Proxy response \((\d{3})\)|^Proxy Authentication Required \((\d{3})\)/.exec(message);
  if (status) return `the proxy ${label} ${refused(Number(status[1] ?? status[2]))}`;
  if (message === refused(AUTHENTICATION_REQUIRED)) return `the proxy ${label} ${message}`;
  if (code === 'UND_ERR_HEADERS_TIMEOUT') return `the proxy ${label} does not answer`;
  if (UNREACHABLE.has(code)) return `the proxy ${label} cannot be reached (${message})`;
  return `through the proxy ${label}: ${message}`;
}

function refused(status: number): string {
  return status === AUTHENTICATION_REQUIRED
    ? 'asks for a user and a password, or takes none of those in its address (HTTP 407)'
    : `opens no connection to the exchange (HTTP ${status})`;
}
