import { BINANCE_ORIGIN, venueOf } from '@app/domain';
import type { Environment } from './environment.schema';

const BINANCE_ARCHIVE = 'https://data.binance.vision';

type Addresses = Pick<Environment, 'BINANCE_ARCHIVE_URL' | 'BINANCE_REST_URLS'>;

const venueOfUrl = (url: string): string | undefined => venueOf(new URL(url).hostname);

/**
 * The archive belongs to the exchange that REST asks, or data of two origins would meet. So unless it is named, it is
 * Binance's own for Binance's own hosts, and otherwise the first of the others: a simulator serves its archive too, and
 * where there is none, every file is a 404 and REST is asked. Null when it is switched off, and for the venues that have
 * none: the demo, the testnet and binance.us.
 */
export function archiveUrlOf({ BINANCE_ARCHIVE_URL: named, BINANCE_REST_URLS: restUrls }: Addresses): string | null {
  if (named !== undefined) return named === 'off' ? null : named;
  const unknown = restUrls.find((url) => venueOfUrl(url) === undefined);
  if (unknown !== undefined) return unknown;
  return restUrls.every((url) => venueOfUrl(url) === BINANCE_ORIGIN) ? BINANCE_ARCHIVE : null;
}

/** Says of addresses that belong to different venues which they are; empty when they may meet in one store. */
export function mixedVenues({ BINANCE_ARCHIVE_URL: archive, BINANCE_REST_URLS: restUrls }: Addresses): string[] {
  const [first, ...others] = restUrls.filter((url) => venueOfUrl(url) !== undefined);
  if (first === undefined) return [];
  const venue = venueOfUrl(first);
  const named = archive === undefined || archive === 'off' ? [] : [{ name: 'BINANCE_ARCHIVE_URL', url: archive }];
  return [...others.map((url) => ({ name: 'BINANCE_REST_URLS', url })), ...named].flatMap(({ name, url }) => {
    const other = venueOfUrl(url);
    if (other === undefined || other === venue) return [];
    const hosts = `${new URL(first).host} is of ${venue ?? ''}, ${new URL(url).host} of ${other}`;
    return [`${name}: ${hosts}; expected addresses of one venue, as a store never holds two`];
  });
}
