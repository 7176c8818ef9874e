import type { Environment } from './environment.schema';

const BINANCE_HOST = /^https?:\/\/(?:[a-z0-9-]+\.)*binance\.(?:com|vision)(?::\d+)?(?:\/|$)/;
const BINANCE_ARCHIVE = 'https://data.binance.vision';

/**
 * The archive belongs to the exchange that REST asks, or data of two origins would meet. So unless it is named, it is
 * Binance's own for Binance's own hosts, and otherwise the first of the others: a simulator serves its archive too, and
 * where there is none, every file is a 404 and REST is asked. Null when it is switched off.
 */
export function archiveUrlOf({
  BINANCE_ARCHIVE_URL: named,
  BINANCE_REST_URLS: restUrls,
}: Pick<Environment, 'BINANCE_ARCHIVE_URL' | 'BINANCE_REST_URLS'>): string | null {
  if (named !== undefined) return named === 'off' ? null : named;
  return restUrls.find((url) => !BINANCE_HOST.test(url)) ?? BINANCE_ARCHIVE;
}
