import { Server, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { turns } from '@app/domain';
import type { AdmissionLimits } from './admission-limits';
import { AdmittedResponse } from './admitted-response';
import { AnswerAdmission } from './answer-admission';
import { Connection, type CutReason } from './connection';
import { kernelSendQueues } from './kernel-send-queues';

export interface AdmittedServerOptions {
  readonly limits: AdmissionLimits;
  /** Answers a request. */
  readonly handler: (request: IncomingMessage, response: AdmittedResponse) => void;
  /** Whom a request is for, as the request budget counts clients. */
  readonly clientOf: (request: IncomingMessage) => string;
  /** Told of every connection that is cut. */
  readonly onCut: (reason: CutReason) => void;
}

/** Who may answer a request before it comes to the handler. */
export interface FirstDoor {
  /** Whether it answers the request, or calls `otherwise` later; false where it has no answer. */
  takes(request: IncomingMessage, response: AdmittedResponse, otherwise: () => void): boolean;
}

/**
 * The HTTP server of a process. What clients may take of it at once is bounded here, below the framework and its routes:
 * requests of a connection, time of the event loop, bytes of answers, and patience with slow clients.
 */
export class AdmittedServer extends Server<typeof IncomingMessage, typeof AdmittedResponse> {
  readonly admission: AnswerAdmission;
  private readonly limits: AdmissionLimits;
  private clientOf: AdmittedServerOptions['clientOf'];
  private readonly onCut: (reason: CutReason) => void;
  private readonly open = new Map<Socket, Connection>();
  private firstDoor: FirstDoor | undefined;
  private isLooking = false;
  /** When readers have no more time, on the monotonic clock: the process stops. */
  private leavesAt = Infinity;

  constructor({ limits, handler, clientOf, onCut }: AdmittedServerOptions) {
    super({
      ServerResponse: AdmittedResponse,
      headersTimeout: limits.headMs,
      // Node counts from the first byte of the head; the body has its time after that.
      requestTimeout: limits.headMs + limits.bodyMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: limits.lookMs,
      // Node would refuse such a request by itself, without a word: a hook does it.
      requireHostHeader: false,
    });
    this.limits = limits;
    this.onCut = onCut;
    this.clientOf = clientOf;
    const admission = new AnswerAdmission(limits);
    this.admission = admission;
    const context = {
      limits,
      unhandled: { count: 0 },
      admission,
      clientOf: (request: IncomingMessage) => this.clientOf(request),
      handler: (request: IncomingMessage, response: AdmittedResponse) => {
        const otherwise = (): void => {
          handler(request, response);
        };
        if (this.firstDoor?.takes(request, response, otherwise) !== true) otherwise();
      },
      overflow: (connection: Connection) => {
        this.cut(connection, 'too_many_requests');
      },
    };
    this.on('connection', (socket: Socket) => {
      turns.noteArrival();
      this.open.set(socket, new Connection(socket, context));
      socket.once('close', () => this.open.delete(socket));
    });
    this.on('request', (request, response) => {
      this.open.get(request.socket)?.arrive(request, response);
    });
    // Node would answer another expectation than 100-continue by itself, past what is counted here and without a problem's
    // details; it may as well be left alone (RFC 9110 §10.1.1).
    this.on('checkExpectation', (request, response) => {
      this.emit('request', request, response);
    });
    this.on('listening', () => {
      this.lookAfterConnections();
    });
  }

  /** Counts clients otherwise from now on: by what is known once the application is there. */
  countClientsBy(clientOf: AdmittedServerOptions['clientOf']): void {
    this.clientOf = clientOf;
  }

  /** Has this door asked first from now on. */
  askFirst(door: FirstDoor): void {
    this.firstDoor = door;
  }

  /** The process stops: what is under way has a little time left, and slow clients do not hold up the end after that. */
  leave(): void {
    const { leavingMs } = this.limits;
    // The framework says on its answers that the connection ends.
    this.firstDoor = undefined;
    this.leavesAt = performance.now() + leavingMs;
    setTimeout(() => {
      this.admission.close();
    }, leavingMs).unref();
  }

  private lookAfterConnections(): void {
    const { port } = this.address() as AddressInfo;
    const timer = setInterval(() => {
      if (this.isLooking) return;
      this.isLooking = true;
      void this.look(port).finally(() => {
        this.isLooking = false;
      });
    }, this.limits.lookMs).unref();
    this.once('close', () => {
      clearInterval(timer);
    });
  }

  private async look(port: number): Promise<void> {
    const connections = [...this.open.values()];
    const isSlow = connections.some(({ hasBytesWaiting }) => hasBytesWaiting);
    const queues = isSlow ? await kernelSendQueues(port) : undefined;
    const now = performance.now();
    for (const connection of connections) {
      const queued = queues?.get(connection.socket.remotePort ?? 0) ?? 0;
      const reason = connection.judge(now, queued) ?? this.judgeLeaving(now, connection);
      if (reason) this.cut(connection, reason);
    }
  }

  private judgeLeaving(now: number, connection: Connection): CutReason | undefined {
    return now >= this.leavesAt && !connection.isWorkedOn ? 'stopping' : undefined;
  }

  private cut({ socket }: Connection, reason: CutReason): void {
    this.onCut(reason);
    if (reason === 'unfinished_request') {
      this.emit('clientError', Object.assign(new Error(reason), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), socket);
    } else if (socket.writableEnded && socket.writableLength === 0) {
      // Being shut down, which libuv does not reset: Node would forget its handle, and the file would stay open for ever.
      socket.destroy();
    } else {
      // A reset: the kernel would keep what it holds for the reader.
      socket.resetAndDestroy();
    }
  }
}
