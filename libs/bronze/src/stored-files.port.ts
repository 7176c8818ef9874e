/** One append-only stream of lines: a topic, and in Kafka mode a partition of it. */
export interface BronzeStream {
  readonly topic: string;
  readonly partition: number | null;
}

/** A file of a stream. */
export interface StreamFile extends BronzeStream {
  readonly file: string;
}

/** What a store knows of a file: how many of its bytes it has, and the CRC-32 of these, where it is known. */
export interface StoredFile {
  readonly length: number;
  readonly crc32: number | null;
}

export interface NamedStoredFile extends StoredFile {
  readonly file: string;
}

/**
 * How far a store has the files of one bronze folder. It changes in the transaction of the rows that the lines make, so
 * whatever lies behind a stored length belongs to a transaction that did not commit. Written inside write units only.
 */
export abstract class StoredFiles {
  /** Undefined for a file that the store has never heard of. */
  abstract find(file: string): StoredFile | undefined;
  /** All files that the store knows, by name. */
  abstract all(): NamedStoredFile[];
  abstract put(file: StreamFile, stored: StoredFile): void;
  /** Gives a known file its checksum. */
  abstract putChecksum(file: string, crc32: number): void;
  abstract remove(file: string): void;
}
