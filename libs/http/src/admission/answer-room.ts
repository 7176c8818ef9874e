import { nextTurn } from '@app/domain';
import { limitAnswerGrowth } from '../heap-growth';
import { readerGone } from '../problem.error';
import type { AdmissionLimits } from './admission-limits';
import type { Admission, AnswerAdmission } from './answer-admission';
import type { AnswerScope, ClientScope, CountedAnswer } from './answer-scope';

/** What the answers of a server share. */
export interface AnswerContext {
  readonly limits: AdmissionLimits;
  readonly admission: AnswerAdmission;
}

/** Bytes as they are counted: by the memory that they keep, which other answers may be cut from too. */
export function countedAs(bytes: Uint8Array): CountedAnswer {
  return { bytes: bytes.buffer.byteLength, memory: bytes.buffer };
}

/** An answer that is written to a file, as it is counted among those. */
const ONE_FILE: CountedAnswer = { bytes: 1 };

/** The room that the answers of a connection take among those under way, one after the other. */
export class AnswerRoom {
  private client: ClientScope | undefined;
  private scopes: readonly AnswerScope[] = [];
  private smallBytes = 0;
  private large: { readonly bytes: number; readonly admission: Admission } | undefined;
  /** Its places among the answers that are written to files. */
  private filePlaces: readonly Admission[] = [];
  /** When it may wait no longer, on the monotonic clock. */
  private waitsUntil: number | undefined;
  private isLeft = false;

  constructor(private readonly context: AnswerContext) {}

  /** The next answer is for this client, as the request budget counts clients. */
  enter(client: string): void {
    if (this.client?.client === client) return;
    const { admission } = this.context;
    if (this.client) admission.exit(this.client);
    this.client = admission.enter(client);
    this.scopes = [this.client, admission.process];
  }

  /** Whether others wait for the room that it takes. */
  get isInTheWay(): boolean {
    const isLarge = this.large !== undefined || !this.isSmall(this.smallBytes);
    const scopes = [...(isLarge ? this.scopes : []), ...(this.filePlaces.length > 0 ? this.fileScopes : [])];
    return scopes.some((scope) => this.context.admission.isWanted(scope));
  }

  isSmall(bytes: number): boolean {
    return bytes <= this.context.limits.smallBytes;
  }

  /** Whether an answer of these bytes could be handed over now. */
  isThereFor(bytes: Uint8Array): boolean {
    const answer = countedAs(bytes);
    return this.isReservedFor(answer) || this.context.admission.hasRoomFor(answer, this.scopes);
  }

  /**
   * Waits for room for an answer that is still to be made, so that nothing of it is in memory meanwhile.
   * @throws ProblemError 503 when there is none in time, or the reader is gone
   */
  async reserve(bytes: number): Promise<void> {
    this.giveBack();
    if (this.isSmall(bytes)) return;
    const { admission } = this.context;
    const scopes = [...this.scopes, admission.making];
    await this.take({ bytes }, (answer) => admission.admit(answer, scopes, this.timeLeft()));
    // Several may be admitted at once.
    await nextTurn();
    this.checkReader();
    limitAnswerGrowth(admission.waitingCount > 0);
  }

  /**
   * Makes what several answers are given when the process has room for it; what was reserved for this one is given back.
   * @throws ProblemError 503 when there is none in time
   */
  async whileMaking<T>(bytes: number, make: () => Promise<T>): Promise<T> {
    this.giveBack();
    if (this.isSmall(bytes)) return make();
    const { admission } = this.context;
    const { admitted, release } = admission.admit({ bytes }, [admission.process], this.timeLeft());
    await admitted;
    await nextTurn();
    limitAnswerGrowth(admission.waitingCount > 0);
    return make().finally(release);
  }

  /**
   * Makes a piece of an answer that is written piece by piece, of at most so many bytes, when there is room. It counts
   * until the next one is asked for; what its reader still takes of it then counts as what was written does.
   * @throws ProblemError 503 when there is none in time, or the reader is gone
   */
  async makePiece(bytes: number, make: () => Promise<Uint8Array>): Promise<Uint8Array> {
    // It has gone on: what its earlier pieces waited is over.
    this.waitsUntil = undefined;
    await this.reserve(bytes);
    const piece = await make();
    const reserved = this.large;
    if (!reserved || this.isLeft) return piece;
    this.large = { bytes: piece.length, admission: this.context.admission.count({ bytes: piece.length }, this.scopes) };
    reserved.admission.release();
    return piece;
  }

  /**
   * Counts a large answer that is made: in place of what was reserved for it, else when there is room.
   * @throws ProblemError 503 as {@link reserve}
   */
  async handOver(bytes: Uint8Array): Promise<void> {
    const { admission } = this.context;
    const isReserved = this.isReservedFor(countedAs(bytes));
    this.giveBack();
    await this.take(countedAs(bytes), (answer) =>
      isReserved ? admission.count(answer, this.scopes) : admission.admitMade(answer, this.scopes, this.timeLeft()),
    );
  }

  /**
   * Writes an answer to a file when there is a place for it; its place among the files is kept until the reader has it.
   * @throws ProblemError 503 when there is none in time, or the reader is gone
   */
  async whileWriting<T>(write: () => Promise<T>): Promise<T> {
    this.checkReader();
    const { admission } = this.context;
    const place = admission.admit(ONE_FILE, this.fileScopes, this.timeLeft());
    this.filePlaces = [place];
    await place.admitted;
    const turn = admission.admit(ONE_FILE, [admission.writing], this.timeLeft());
    this.filePlaces = [place, turn];
    await turn.admitted;
    return write().finally(turn.release);
  }

  /** Counts bytes that never wait. */
  addSmall(bytes: number): void {
    if (this.isLeft) return;
    this.smallBytes += bytes;
    for (const scope of this.scopes) scope.addSmall(bytes);
  }

  removeSmall(bytes: number): void {
    // What a reader who is gone did not take is told late.
    const counted = Math.min(bytes, this.smallBytes);
    this.smallBytes -= counted;
    for (const scope of this.scopes) scope.removeSmall(counted);
    this.context.admission.released();
  }

  /** The reader has taken the answer: nothing of it counts any more. */
  clear(): void {
    this.giveBack();
    for (const { release } of this.filePlaces) release();
    this.filePlaces = [];
    this.waitsUntil = undefined;
    if (this.smallBytes > 0) this.removeSmall(this.smallBytes);
  }

  /** The reader is gone, and nothing can be handed over any more. */
  leave(): void {
    if (this.isLeft) return;
    this.clear();
    this.isLeft = true;
    if (this.client) this.context.admission.exit(this.client);
  }

  private get fileScopes(): readonly AnswerScope[] {
    const { files } = this.context.admission;
    return this.client ? [this.client.files, files] : [files];
  }

  private isReservedFor({ bytes }: CountedAnswer): boolean {
    return this.isSmall(bytes) || bytes <= (this.large?.bytes ?? 0);
  }

  /** @throws ProblemError when the reader is gone: nothing would take the answer out of the count again */
  private checkReader(): void {
    if (this.isLeft) throw readerGone();
  }

  private async take(answer: CountedAnswer, admit: (answer: CountedAnswer) => Admission): Promise<void> {
    this.checkReader();
    const admission = admit(answer);
    this.large = { bytes: answer.bytes, admission };
    await admission.admitted;
  }

  private giveBack(): void {
    this.large?.admission.release();
    this.large = undefined;
  }

  /** All its waits together are no longer than one may be. */
  private timeLeft(): number {
    const now = performance.now();
    this.waitsUntil ??= now + this.context.limits.waitMs;
    return Math.max(0, this.waitsUntil - now);
  }
}
