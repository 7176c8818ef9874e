import { healthReason } from '@app/domain';
import { dirname } from 'node:path';
import { diskSpaceAt, isLow, type DiskSpace } from '@app/files';
import { Gauge, type MetricsRegistry } from '@app/observability';

/** A setting whose path says where a process writes, or what it reads is written. */
export interface WrittenPlace {
  readonly setting: string;
  readonly path: string;
}

const MEGABYTE = 1_000_000;
const FREE_BYTES = 'csp_disk_free_bytes';

/** How much room is left where a process keeps its data. */
export class DiskSpaceNotes {
  constructor(
    private readonly places: readonly WrittenPlace[],
    metrics: MetricsRegistry,
  ) {
    const spaces = (): (readonly [string, DiskSpace])[] => this.spaces();
    new Gauge({
      name: FREE_BYTES,
      help: 'Bytes free on the disk that the path of a setting lies on.',
      labelNames: ['setting'],
      registers: [metrics],
      collect() {
        this.reset();
        for (const [setting, { freeBytes }] of spaces()) this.set({ setting }, freeBytes);
      },
    });
  }

  /** One line for each disk that is running full. */
  notes(): string[] {
    const byDevice = new Map<number, { readonly settings: string[]; readonly space: DiskSpace }>();
    for (const [setting, space] of this.spaces()) {
      const disk = byDevice.get(space.device) ?? { settings: [], space };
      disk.settings.push(setting);
      byDevice.set(space.device, disk);
    }
    return [...byDevice.values()]
      .filter(({ space }) => isLow(space))
      .map(
        ({ settings, space: { freeBytes, totalBytes } }) =>
          healthReason`the disk of ${settings.join(', ')} has ${Math.floor(freeBytes / MEGABYTE)} MB left of ` +
          `${Math.floor(totalBytes / MEGABYTE)} MB: make room before it is full`,
      );
  }

  private spaces(): (readonly [string, DiskSpace])[] {
    return this.places.flatMap(({ setting, path }) => {
      // What is not there yet is made in its folder.
      const space = diskSpaceAt(path) ?? diskSpaceAt(dirname(path));
      return space ? [[setting, space] as const] : [];
    });
  }
}
