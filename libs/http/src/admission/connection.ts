import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { turns } from '@app/domain';
import type { AdmissionLimits } from './admission-limits';
import type { AdmittedResponse } from './admitted-response';
import { PROBES } from '../probes';
import type { AnswerAdmission } from './answer-admission';
import { AnswerRoom } from './answer-room';
import { ReadingPace } from './reading-pace';

/** Why a connection is cut. */
export type CutReason =
  'silent_reader' | 'slow_reader' | 'no_request' | 'unfinished_request' | 'too_many_requests' | 'stopping';

/** What the connections of a server share. */
export interface ConnectionContext {
  readonly limits: AdmissionLimits;
  /** Requests of all connections that were read and wait unhandled. */
  readonly unhandled: { count: number };
  readonly admission: AnswerAdmission;
  /** Whom a request is for, as the request budget counts clients. */
  readonly clientOf: (request: IncomingMessage) => string;
  /** Answers a request. */
  readonly handler: (request: IncomingMessage, response: AdmittedResponse) => void;
  /** Called for a connection that sends requests when there are too many of those. */
  readonly overflow: (connection: Connection) => void;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: AdmittedResponse;
}

/**
 * One connection. Its requests are answered one after the other: the next one begins when the reader has taken the answer
 * before it. What a client sends without waiting for answers stays unhandled, the socket is not read meanwhile, and all
 * of it is dropped with the connection.
 */
export class Connection {
  /** Where its answers count, one after the other. */
  private readonly room: AnswerRoom;
  private answering: AdmittedResponse | undefined;
  private unhandled: Exchange[] = [];
  private isGone = false;
  private lastRequest: IncomingMessage | undefined;
  /** Since when a request is waited for, and since when the body of the last one is. */
  private idleSince = performance.now();
  private bodySince = 0;
  private pace: ReadingPace | undefined;

  /** The answer was taken, or the reader is gone. */
  private readonly advance = (): void => {
    this.room.clear();
    this.answering = undefined;
    this.idleSince = performance.now();
    if (this.isGone) return;
    const next = this.unhandled.shift();
    if (!next) return;
    this.answering = next.response;
    this.context.unhandled.count -= 1;
    if (!this.isHeld) this.socket.resume();
    this.beginLater(next.request, next.response);
  };

  constructor(
    readonly socket: Socket,
    private readonly context: ConnectionContext,
  ) {
    this.room = new AnswerRoom(context);
    // Node reads on after each answer, whoever has paused the socket.
    socket.on('resume', () => {
      if (this.isHeld) socket.pause();
    });
    socket.once('close', () => {
      this.drop();
    });
  }

  /** Whether there are bytes that the reader could take. */
  get hasBytesWaiting(): boolean {
    return this.socket.writableLength > 0;
  }

  /** Whether it waits for this side. */
  get isWorkedOn(): boolean {
    return this.answering !== undefined && !this.hasBytesWaiting;
  }

  private get isHeld(): boolean {
    return this.unhandled.length > 0;
  }

  /** A request whose head was read: begins at once, or after those that came before it. */
  arrive(request: IncomingMessage, response: AdmittedResponse): void {
    if (this.isGone) return;
    this.lastRequest = request;
    this.bodySince = performance.now();
    if (!this.answering) {
      this.answering = response;
      if (turns.isOpen()) this.begin(request, response);
      else this.beginLater(request, response);
    } else if (this.context.unhandled.count < this.context.limits.requestsUnhandled) {
      this.unhandled.push({ request, response });
      this.context.unhandled.count += 1;
      this.socket.pause();
    } else {
      this.context.overflow(this);
      this.drop();
    }
  }

  /** Why the connection is to be cut now, if it is. `queued`: bytes that the kernel holds for its reader. */
  judge(now: number, queued: number): CutReason | undefined {
    const { limits } = this.context;
    if (this.hasBytesWaiting) {
      this.pace ??= new ReadingPace(limits.slowReaderMs, now);
      this.pace.note(now, this.socket.bytesWritten - this.socket.writableLength, queued);
      if (this.pace.silentFor(now) >= limits.silentReaderMs) return 'silent_reader';
      const speed = this.pace.bytesPerSecond() ?? Infinity;
      return this.room.isInTheWay && speed < limits.slowReaderBytesPerSecond ? 'slow_reader' : undefined;
    }
    this.pace = undefined;
    // Nothing arrives at a socket that is not read.
    if (this.isHeld) this.bodySince = now;
    const isUnfinished = this.lastRequest?.complete === false;
    if (isUnfinished && now - this.bodySince >= limits.bodyMs) return 'unfinished_request';
    // Empty lines are no request, and Node takes them for one when it looks for idle connections.
    const patience = limits.headMs + (this.lastRequest ? limits.keepAliveMs : 0);
    return !this.answering && now - this.idleSince >= patience ? 'no_request' : undefined;
  }

  private begin(request: IncomingMessage, response: AdmittedResponse): void {
    if (this.isGone) return;
    response.on('close', this.advance);
    response.room = this.room;
    this.room.enter(this.context.clientOf(request));
    this.context.handler(request, response);
  }

  private beginLater(request: IncomingMessage, response: AdmittedResponse): void {
    turns.beginLater(
      () => {
        this.begin(request, response);
      },
      PROBES.has(request.url ?? ''),
    );
  }

  private drop(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.room.leave();
    this.context.unhandled.count -= this.unhandled.length;
    this.unhandled = [];
  }
}
