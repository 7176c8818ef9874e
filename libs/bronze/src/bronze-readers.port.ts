/** Whoever reads whole raw files, as a backup does. */
export abstract class BronzeReaders {
  /**
   * Whether none may be compressed or removed just now. Asked inside the write unit that takes a file out of what the
   * store knows.
   */
  abstract areAtWork(): boolean;
}
