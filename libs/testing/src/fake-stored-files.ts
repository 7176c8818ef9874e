import { StoredFiles, type NamedStoredFile, type StoredFile, type StreamFile } from '@app/bronze';
import { compareCodePoints } from '@app/domain';

/** Stored lengths in memory, with the roll-back of a unit that failed. */
export class FakeStoredFiles extends StoredFiles {
  private files = new Map<string, StoredFile>();

  find(file: string): StoredFile | undefined {
    return this.files.get(file);
  }

  all(): NamedStoredFile[] {
    return [...this.files]
      .map(([file, stored]) => ({ file, ...stored }))
      .sort((a, b) => compareCodePoints(a.file, b.file));
  }

  put({ file }: StreamFile, stored: StoredFile): void {
    this.files.set(file, stored);
  }

  putChecksum(file: string, crc32: number): void {
    const stored = this.files.get(file);
    if (stored) this.files.set(file, { ...stored, crc32 });
  }

  remove(file: string): void {
    this.files.delete(file);
  }

  /** Does something and forgets what it has stored. */
  rolledBack(unit: () => void): void {
    const before = new Map(this.files);
    unit();
    this.files = before;
  }
}
