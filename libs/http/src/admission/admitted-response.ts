import { ServerResponse, type OutgoingHttpHeader, type OutgoingHttpHeaders } from 'node:http';
import { nextTurn } from '@app/domain';
import { problemBody, ProblemError } from '../problem.error';
import { HEADERS_OF_SUCCESS, pathOf, PROBLEM_CONTENT_TYPE } from '../problem.filter';
import type { AnswerRoom } from './answer-room';

/** Largest piece that is written at once: what a reader has taken is known to so many bytes. */
const SLICE_BYTES = 65_536;
/** After so many bytes other work gets its turn, also when the reader is as fast as this side. */
const BYTES_PER_TURN = 1_048_576;

type Callback = (error?: Error | null) => void;

/**
 * An answer of which every byte counts from when it is handed over until its reader has taken it, whatever made it. A
 * large one waits for room, or gives way to a 503, and is written at the pace of its reader.
 */
export class AdmittedResponse extends ServerResponse {
  /** Where it counts; not before its request is worked on. */
  room: AnswerRoom | undefined;
  /** The path that a proxy took off its request. */
  prefix = '';
  /** Head of a large answer: it is written when there is room, for it may have to give way. */
  private head: { readonly status: number; readonly headers: OutgoingHttpHeaders } | undefined;
  private isHandedOver = false;

  /** Whether all of the answer was given to it, though nothing of it may be written yet. */
  get isAnswered(): boolean {
    return this.isHandedOver;
  }

  override writeHead(
    status: number,
    reason?: string | OutgoingHttpHeaders | OutgoingHttpHeader[],
    headers?: OutgoingHttpHeaders | OutgoingHttpHeader[],
  ): this {
    if (typeof reason === 'object' && !Array.isArray(reason) && this.isLarge(Number(reason['content-length'] ?? 0))) {
      this.statusCode = status;
      this.head = { status, headers: reason };
      return this;
    }
    return super.writeHead(status, reason as string, headers);
  }

  override write(chunk: unknown, encoding?: BufferEncoding | Callback | null, callback?: Callback | null): boolean {
    const [coding, done] = typeof encoding === 'function' ? [undefined, encoding] : [encoding ?? undefined, callback];
    const bytes = bytesOf(chunk, coding);
    this.writeHeldHead();
    this.room?.addSmall(bytes);
    return super.write(chunk, coding as BufferEncoding, (error) => {
      this.room?.removeSmall(bytes);
      done?.(error);
    });
  }

  override end(chunk?: unknown, encoding?: BufferEncoding | Callback | null, callback?: Callback | null): this {
    if (this.isHandedOver) return this;
    this.isHandedOver = true;
    const coding = typeof encoding === 'string' ? encoding : undefined;
    const bytes = bytesOf(chunk, coding);
    if (this.room && this.isLarge(bytes)) {
      const done = [chunk, encoding, callback].find((argument) => typeof argument === 'function') as
        Callback | undefined;
      if (done) this.once('finish', done);
      void this.sendLarge(this.room, typeof chunk === 'string' ? Buffer.from(chunk, coding) : (chunk as Uint8Array));
      return this;
    }
    this.writeHeldHead();
    this.room?.addSmall(bytes);
    return super.end(this.cutLoose(chunk), encoding as BufferEncoding, callback as () => void);
  }

  /** Whether an answer of so many bytes may have to wait for room. */
  isLarge(bytes: number): boolean {
    return this.req.method !== 'HEAD' && this.room?.isSmall(bytes) === false;
  }

  /** Writes bytes at the pace of the reader: resolves when he has taken them, or is gone. */
  async writePaced(bytes: Uint8Array): Promise<void> {
    for (let start = 0; start < bytes.length; start += SLICE_BYTES) {
      if (start > 0 && start % BYTES_PER_TURN === 0) await nextTurn();
      await new Promise<void>((resolve) => {
        super.write(bytes.subarray(start, start + SLICE_BYTES), () => {
          resolve();
        });
      });
      if (this.destroyed) return;
    }
  }

  private async sendLarge(room: AnswerRoom, body: Uint8Array): Promise<void> {
    try {
      await room.handOver(body);
    } catch (error) {
      if (error instanceof ProblemError) this.refuse(error);
      else this.destroy(error as Error);
      return;
    }
    this.writeHeldHead();
    await this.writePaced(body);
    if (!this.destroyed) super.end();
  }

  /** Sends an error in place of an answer of which nothing is sent yet. */
  private refuse({ problem }: ProblemError): void {
    if (this.destroyed) return;
    const kept = Object.entries(this.head?.headers ?? {}).filter(([name]) => !HEADERS_OF_SUCCESS.includes(name));
    this.head = undefined;
    const body = JSON.stringify(problemBody(problem, this.prefix + pathOf(this.req.url ?? '/')));
    super.writeHead(problem.status, {
      ...Object.fromEntries(kept),
      ...problem.headers,
      'cache-control': 'no-store',
      'content-type': PROBLEM_CONTENT_TYPE,
      'content-length': Buffer.byteLength(body),
    });
    this.room?.addSmall(body.length);
    super.end(body);
  }

  /** A small piece of something large is copied, so that it does not keep the whole in memory. */
  private cutLoose(chunk: unknown): unknown {
    if (!(chunk instanceof Uint8Array) || this.room?.isSmall(chunk.buffer.byteLength) !== false) return chunk;
    return Buffer.from(chunk);
  }

  private writeHeldHead(): void {
    const { head } = this;
    this.head = undefined;
    if (head) super.writeHead(head.status, head.headers);
  }
}

function bytesOf(chunk: unknown, encoding: BufferEncoding | undefined): number {
  if (typeof chunk === 'string') return Buffer.byteLength(chunk, encoding);
  return chunk instanceof Uint8Array ? chunk.byteLength : 0;
}

// Fastify asks these before it sends anything else: what is handed over and waits for room is sent, as far as it goes.
for (const name of ['headersSent', 'writableEnded'] as const) {
  const own = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(ServerResponse.prototype), name);
  Object.defineProperty(AdmittedResponse.prototype, name, {
    get(this: AdmittedResponse): boolean {
      return this.isAnswered || (own?.get?.call(this) as boolean);
    },
  });
}
