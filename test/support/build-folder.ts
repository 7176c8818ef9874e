import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

export const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Builds as `bi-build` leaves them, made of any bytes. */
export class BuildFolder {
  private readonly builds: string;
  private count = 0;

  /** `folder` is turned to the newest. */
  constructor(private readonly folder: string) {
    this.builds = join(dirname(folder), `.${basename(folder)}.builds`);
    mkdirSync(this.builds, { recursive: true });
  }

  /** Publishes a build of these files; returns its descriptor. */
  publish(files: Readonly<Record<string, Buffer>>): Buffer {
    this.count += 1;
    const build = join(this.builds, String(this.count));
    mkdirSync(build);
    const resources = Object.entries(files).map(([path, bytes]) => {
      writeFileSync(join(build, path), bytes);
      return { path, bytes: bytes.length, hash: `sha256:${sha256Of(bytes)}`, rows: this.count, rows_not_final: 0 };
    });
    const descriptor = Buffer.from(JSON.stringify({ resources }));
    writeFileSync(join(build, 'datapackage.json'), descriptor);
    const link = join(this.builds, 'link');
    symlinkSync(join(basename(this.builds), String(this.count)), link);
    renameSync(link, this.folder);
    return descriptor;
  }

  remove(number: number): void {
    rmSync(join(this.builds, String(number)), { recursive: true });
  }
}
