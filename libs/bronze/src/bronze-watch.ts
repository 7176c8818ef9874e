import { isAborted } from '@app/domain';
import { Gauge, type Logger, type MetricsRegistry } from '@app/observability';
import { isAlteredFile, type AdoptChecksum } from './altered-file';
import type { BronzeArchive } from './bronze-archive';
import type { BronzeUnits } from './bronze-units.port';
import type { DamagedFiles, FileDamage } from './damaged-files.port';

/** Real time between two readings of all files; the first begins soon after the start. */
const READ_EVERY_MS = 86_400_000;
const FIRST_READING_AFTER_MS = 1_000;
/** Capture and readers share the disk: a year of 50 symbols is read in some minutes. */
const BYTES_PER_SECOND = 50_000_000;

const FILES = 'csp_bronze_damaged_files';

export interface BronzeWatchParts {
  readonly units: BronzeUnits;
  readonly archive: BronzeArchive;
  readonly damaged: DamagedFiles;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
}

/**
 * Reads all bronze files through after the start and once a day, and compares their bytes with the checksums that were
 * stored as they were written. A file that is shorter, gone or altered is said in health until it is whole again. A file
 * of an earlier version, which has no checksum, gets the one of the bytes that it has.
 */
export class BronzeWatch {
  private readonly stopping = new AbortController();
  private readonly damagedFiles: Gauge<'damage'>;
  private timer: NodeJS.Timeout | undefined;
  private reading: Promise<void> = Promise.resolve();

  constructor(private readonly parts: BronzeWatchParts) {
    const { metrics } = parts;
    this.damagedFiles = metrics.once(
      FILES,
      () =>
        new Gauge({
          name: FILES,
          help: 'Raw files that are shorter than what was stored of them (or gone), and those whose bytes are others.',
          labelNames: ['damage'],
          registers: [metrics],
        }),
    );
  }

  /** Calls after the first change nothing. */
  start(): void {
    if (this.timer === undefined) this.next(FIRST_READING_AFTER_MS);
  }

  async stop(): Promise<void> {
    clearTimeout(this.timer);
    this.stopping.abort();
    await this.reading;
  }

  /** Reads all files once. */
  async read(): Promise<void> {
    const { archive, units, damaged, logger } = this.parts;
    const altered: string[] = [];
    const options = { signal: this.stopping.signal, bytesPerSecond: BYTES_PER_SECOND };
    const adopt: AdoptChecksum = (file, { length }, checksum) =>
      units.run(() => {
        archive.adoptChecksum(file, length, checksum);
      });
    for (const { file } of archive.storedFiles()) {
      this.stopping.signal.throwIfAborted();
      if (await isAlteredFile(archive, file, options, adopt)) altered.push(file);
    }
    const shorter = archive.damage().map(({ file }) => file);
    const known = damaged.found('altered');
    for (const file of altered) {
      if (!known.includes(file)) logger.error({ file }, 'a bronze file was altered outside this program');
    }
    this.damagedFiles.set({ damage: 'shorter' }, shorter.length);
    this.damagedFiles.set({ damage: 'altered' }, altered.length);
    const next = Object.entries({ altered, shorter }) as [FileDamage, string[]][];
    if (next.every(([damage, files]) => damaged.found(damage).join('\n') === files.join('\n'))) return;
    await units.run(() => {
      for (const [damage, files] of next) damaged.note(damage, files);
    });
  }

  private next(millis: number): void {
    this.timer = setTimeout(() => {
      this.reading = this.read()
        .catch((error: unknown) => {
          if (!isAborted(this.stopping.signal))
            this.parts.logger.warn({ err: error }, 'bronze could not be read through');
        })
        .finally(() => {
          if (!isAborted(this.stopping.signal)) this.next(READ_EVERY_MS);
        });
    }, millis).unref();
  }
}
