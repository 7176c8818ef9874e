import { setTimeout as delay } from 'node:timers/promises';
import { types } from 'node:util';

/** Why no answer, or only part of one, arrived. */
export type TransportFailure = 'timeout' | 'connection' | 'cut_body' | 'oversized_body' | 'unreadable_body';

export class TransportError extends Error {
  readonly code = 'EXCHANGE.TRANSPORT_FAILED';

  constructor(
    readonly failure: TransportFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'TransportError';
  }
}

export interface HttpGetOptions {
  /** Real milliseconds for the whole exchange: connection, headers and body. */
  readonly timeoutMs: number;
  /** Largest body taken, in bytes after decompression. */
  readonly maxBodyBytes: number;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** The reason of an aborted signal as an error that can be thrown. */
function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason });
}

/** Waits real milliseconds. @throws the signal's reason when it aborts */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, signal ? { signal } : {});
  } catch (error) {
    throw signal?.aborted === true ? abortReason(signal) : error;
  }
}

/**
 * One GET without redirects (a captive portal must not pass for the exchange). The body of an error status may be
 * missing: its status alone says what to do, so a cut 429 still counts as a 429.
 *
 * @throws TransportError, or the signal's reason when the caller aborts
 */
export async function httpGet(url: string, options: HttpGetOptions): Promise<HttpAnswer> {
  const { signal } = options;
  if (signal?.aborted === true) throw abortReason(signal);
  // Not AbortSignal.any: on Node 20 it keeps a reference on a long-lived signal for each request.
  const controller = new AbortController();
  let timedOut = false;
  const onAbort = (): void => {
    controller.abort();
  };
  const timer = setTimeout(() => {
    timedOut = true;
    controller.abort();
  }, options.timeoutMs);
  signal?.addEventListener('abort', onAbort, { once: true });

  const explain = (error: unknown, failure: TransportFailure): Error => {
    if (signal?.aborted === true) return abortReason(signal);
    if (timedOut) return new TransportError('timeout', `no complete answer within ${options.timeoutMs} ms`);
    if (error instanceof TransportError) return error;
    return new TransportError(failure, rootMessage(error), { cause: error });
  };

  let complete = false;
  try {
    let response: Response;
    try {
      response = await fetch(url, {
        redirect: 'error',
        headers: { accept: 'application/json' },
        signal: controller.signal,
      });
    } catch (error) {
      throw explain(error, 'connection');
    }
    try {
      const text = await readText(response, options.maxBodyBytes);
      complete = true;
      return { status: response.status, headers: response.headers, text };
    } catch (error) {
      const explained = explain(error, 'cut_body');
      if (response.ok || !(explained instanceof TransportError)) throw explained;
      return { status: response.status, headers: response.headers, text: '' };
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    // Lets go of a connection whose answer was not read to its end.
    if (!complete) controller.abort();
  }
}

async function readText(response: Response, maxBytes: number): Promise<string> {
  if (!response.body) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new TransportError('oversized_body', `the answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    throw new TransportError('unreadable_body', 'the answer is not UTF-8', { cause: error });
  }
}

/** fetch says "fetch failed" and hides what happened in the cause. */
function rootMessage(error: unknown): string {
  let current = error;
  while (types.isNativeError(current) && types.isNativeError(current.cause)) current = current.cause;
  if (!types.isNativeError(current)) return String(current);
  const { message, code, name } = current as NodeJS.ErrnoException;
  return message || code || name;
}
