/** Origin of the exchange itself, and of a relay of one's own. */
export const BINANCE_ORIGIN = 'binance';

/** What a venue keeps of its own: hosts under these domains, of those the first whose pattern fits. */
const VENUES: readonly { readonly venue: string; readonly hosts: RegExp }[] = [
  { venue: 'binance.us', hosts: /(?:^|\.)binance\.us$/ },
  // `testnet.binance.vision` ends like the exchange's own hosts, and so does `demo-api.binance.com`.
  { venue: 'binance-testnet', hosts: /(?:^|[.-])testnet[^.]*\.(?:[^.]+\.)*binance(?:future)?\.(?:com|vision)$/ },
  { venue: 'binance-demo', hosts: /(?:^|\.)demo(?:-[^.]*)?\.(?:[^.]+\.)*binance\.(?:com|vision)$/ },
  { venue: BINANCE_ORIGIN, hosts: /(?:^|\.)binance\.(?:com|vision)$/ },
];

/** Names that no public name server knows: one label, or under a domain kept for private networks. */
const PRIVATE_NAME = /^[^.:]+$|\.(?:localhost|local|internal|lan|svc|home\.arpa)$/;

const PRIVATE_IPV4 =
  /^(?:127|10)\.|^192\.168\.|^172\.(?:1[6-9]|2\d|3[01])\.|^169\.254\.|^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./;
const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;
/** Loopback, unique local and link-local addresses. */
const PRIVATE_IPV6 = /^(?:::1|f[cd][0-9a-f]{2}:.*|fe[89ab][0-9a-f]:.*)$/;
/** An IPv4 address as an IPv6 one, as URLs write it. */
const MAPPED_IPV4 = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/** A host as `URL.hostname` gives it, in one writing. */
function normalise(hostname: string): string {
  return hostname.toLowerCase().replace(/^\[|\]$|\.$/g, '');
}

/** The venue to which a host belongs by its name; undefined for every host that is none of Binance's. */
export function venueOf(hostname: string): string | undefined {
  const name = normalise(hostname);
  return VENUES.find(({ hosts }) => hosts.test(name))?.venue;
}

function isPrivate(name: string): boolean {
  const [, high, low] = MAPPED_IPV4.exec(name) ?? [];
  if (high !== undefined && low !== undefined) {
    const bytes = [high, low].map((text) => parseInt(text, 16)).flatMap((pair) => [pair >> 8, pair & 255]);
    return isPrivate(bytes.join('.'));
  }
  if (IPV4.test(name)) return PRIVATE_IPV4.test(name);
  return PRIVATE_IPV6.test(name) || PRIVATE_NAME.test(name);
}

/**
 * Origin of the data of a host that names none itself: its venue; `binance` for a loopback or private address, which is
 * taken for a relay of one's own; else the host's name, so that no unknown venue passes for the exchange.
 */
export function originOfHost(hostname: string): string {
  const name = normalise(hostname);
  return venueOf(name) ?? (isPrivate(name) ? BINANCE_ORIGIN : name);
}
