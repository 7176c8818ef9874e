import { BlockList, isIP, isIPv6 } from 'node:net';

/** What is asked without a proxy. */
export interface BypassRule {
  /** Every host (`*`), a domain with all below it (of an address, the address alone), or a network. */
  readonly hosts: string | BlockList;
  /** Undefined for every port. */
  readonly port: number | undefined;
}

/** Proxies by scheme of the address that is asked; user and password, where there are any, are in theirs. */
export interface ProxySettings {
  readonly http: string | undefined;
  readonly https: string | undefined;
  readonly bypass: readonly BypassRule[];
}

const LARGEST_PORT = 65_535;
const PREFIX_BITS = { ipv4: 32, ipv6: 128 } as const;

/**
 * One entry of NO_PROXY: `*`, a host, a domain (`example.com`, `.example.com` and `*.example.com` are the same, as in
 * curl), an address or a network such as `10.0.0.0/8`; a host or an address may have a port. Undefined for anything else.
 */
export function parseBypassRule(text: string): BypassRule | undefined {
  if (text === '*') return { hosts: '*', port: undefined };
  const network = /^([^/]+)\/(\d{1,3})$/.exec(text);
  if (network) return networkRule(network[1] ?? '', Number(network[2]));
  if (isIPv6(text)) return { hosts: canonicalHost(text), port: undefined };
  const [, bracketed, name, portText] = /^(?:\[(.+)\]|(?:\*?\.)?([^\s:/[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const port = portText === undefined ? undefined : Number(portText);
  const host = bracketed ?? name;
  if (host === undefined || (bracketed !== undefined && !isIPv6(bracketed))) return undefined;
  if (port !== undefined && (port < 1 || port > LARGEST_PORT)) return undefined;
  return { hosts: canonicalHost(host), port };
}

function networkRule(address: string, prefix: number): BypassRule | undefined {
  const version = isIP(address);
  if (version === 0) return undefined;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (prefix > PREFIX_BITS[family]) return undefined;
  const hosts = new BlockList();
  hosts.addSubnet(address, prefix, family);
  return { hosts, port: undefined };
}

/** The address of the proxy through which a URL is asked; undefined when it is asked directly. Loopback always is. */
export function proxyOf(url: string, { http, https, bypass }: ProxySettings): string | undefined {
  const { protocol, hostname, port: portText } = new URL(url);
  const isHttps = protocol === 'https:';
  const proxy = isHttps ? https : http;
  if (proxy === undefined) return undefined;
  const host = canonicalHost(hostname);
  const port = portText === '' ? (isHttps ? 443 : 80) : Number(portText);
  const direct =
    isLoopback(host) ||
    bypass.some((rule) => (rule.port === undefined || rule.port === port) && isAmong(host, rule.hosts));
  return direct ? undefined : proxy;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || isAmong(host, LOOPBACK);
}

function isAmong(host: string, hosts: BypassRule['hosts']): boolean {
  const version = isIP(host);
  if (typeof hosts !== 'string') return version !== 0 && hosts.check(host, version === 4 ? 'ipv4' : 'ipv6');
  return hosts === '*' || host === hosts || (version === 0 && host.endsWith(`.${hosts}`));
}

/** As URL writes a host: lower case, ASCII, addresses in their shortest form; without brackets and a final dot. */
function canonicalHost(host: string): string {
  const url = `http://${isIPv6(host) ? `[${host}]` : host}/`;
  const name = URL.canParse(url) ? new URL(url).hostname : host.toLowerCase();
  return name.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}
