import type { Clock, KlineArchive } from '@app/domain';
import type { ScratchFolders } from '@app/files';
import type { MetricsRegistry } from '@app/observability';
import { ArchiveMetrics } from './archive/archive-metrics';
import { DEFAULT_ARCHIVE_OPTIONS, type ArchiveOptions } from './archive/archive-options';
import { BinanceArchive } from './archive/binance.archive';
import { DisabledArchive } from './archive/disabled.archive';
import { DiskKlineFiles } from './archive/disk-kline-files';
import { HostOriginResolver } from './hosts/host-origin';
import { ExchangeHost } from './hosts/host-pool';
import { ProxyGate } from './transport/proxy-gate';

export interface ArchiveDependencies {
  /** Address of the archive; null for none. */
  readonly archiveUrl: string | null;
  readonly clock: Clock;
  readonly metrics: MetricsRegistry;
  readonly scratch: ScratchFolders;
  /** How requests leave this network; directly unless given. */
  readonly proxies?: ProxyGate;
}

/** The archive client and all that it stands on. */
export function createBinanceArchive(
  { archiveUrl, clock, metrics: registry, scratch, proxies = new ProxyGate() }: ArchiveDependencies,
  overrides: Partial<ArchiveOptions> = {},
): KlineArchive {
  if (archiveUrl === null) return new DisabledArchive();
  const options = { ...DEFAULT_ARCHIVE_OPTIONS, ...overrides };
  const origins = new HostOriginResolver(options.requestTimeoutMs, proxies);
  const [host, files, metrics] = [new ExchangeHost(archiveUrl), new DiskKlineFiles(), new ArchiveMetrics(registry)];
  return new BinanceArchive({ host, origins, files, clock, metrics, options, proxies, scratch });
}
