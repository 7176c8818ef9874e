/** A large answer as it is counted. */
export interface CountedAnswer {
  readonly bytes: number;
  /** The memory that holds it, where others may read the same: it counts once. */
  readonly memory?: ArrayBufferLike;
}

/** What a limit holds for: the process, a client, or a connection. Most are of bytes; those of files count each as one. */
export class AnswerScope {
  private counted = 0;
  private large = 0;
  /** How many read each memory that is shared. */
  private readonly readers = new Map<ArrayBufferLike, number>();

  constructor(private readonly limit: number) {}

  /** Bytes that were handed over and are not taken yet. */
  get bytes(): number {
    return this.counted;
  }

  /** Whether a large answer may be handed over now. One that is larger than the limit goes while no other large one does. */
  hasRoomFor({ bytes, memory }: CountedAnswer): boolean {
    if (memory && this.readers.has(memory)) return true;
    return this.counted + bytes <= this.limit || (bytes > this.limit && this.large === 0);
  }

  add({ bytes, memory }: CountedAnswer): void {
    if (memory) {
      const readers = this.readers.get(memory) ?? 0;
      this.readers.set(memory, readers + 1);
      if (readers > 0) return;
    }
    this.large += 1;
    this.counted += bytes;
  }

  remove({ bytes, memory }: CountedAnswer): void {
    if (memory) {
      const others = (this.readers.get(memory) ?? 1) - 1;
      if (others > 0) {
        this.readers.set(memory, others);
        return;
      }
      this.readers.delete(memory);
    }
    this.large -= 1;
    this.counted -= bytes;
  }

  /** Counts bytes that never wait: small answers, and what a stream writes. */
  addSmall(bytes: number): void {
    this.counted += bytes;
  }

  removeSmall(bytes: number): void {
    this.counted -= bytes;
  }
}

export class ClientScope extends AnswerScope {
  /** Connections of which it has the newest answer. */
  connections = 0;

  /** Its answers that are written to a file before they are sent. */
  readonly files: AnswerScope;

  constructor(
    readonly client: string,
    limits: { readonly bytes: number; readonly files: number },
  ) {
    super(limits.bytes);
    this.files = new AnswerScope(limits.files);
  }
}
