import { setTimeout as delay } from 'node:timers/promises';
import type { ProxyGate } from './proxy-gate';
import { rootCause } from './root-cause';

/** Why no answer, or only part of one, arrived. */
export type TransportFailure = 'timeout' | 'connection' | 'proxy' | 'cut_body' | 'oversized_body' | 'unreadable_body';

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

interface RequestLimits {
  /** Real milliseconds for the whole exchange: connection, headers and body. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** How the request leaves this network; directly unless given. */
  readonly proxies?: ProxyGate | undefined;
}

export interface HttpRequestOptions extends RequestLimits {
  readonly accept: string;
}

export interface HttpGetOptions extends RequestLimits {
  /** Largest body taken, in bytes after decompression. */
  readonly maxBodyBytes: number;
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
 * One GET without redirects (a captive portal must not pass for the exchange), its body read by `read` within the same
 * time-out. What `read` throws counts as a cut body, unless it is a {@link TransportError} itself.
 *
 * @throws TransportError, or the signal's reason when the caller aborts
 */
export async function httpRequest<T>(
  url: string,
  { timeoutMs, signal, proxies, accept }: HttpRequestOptions,
  read: (response: Response) => Promise<T>,
): Promise<T> {
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
  }, timeoutMs);
  signal?.addEventListener('abort', onAbort, { once: true });

  const proxy = proxies?.routeTo(url);
  const explain = (error: unknown, failure: TransportFailure): Error => {
    if (signal?.aborted === true) return abortReason(signal);
    if (timedOut) {
      const through = proxy === undefined ? '' : ` through the proxy ${proxy.label}`;
      return new TransportError('timeout', `no complete answer within ${timeoutMs} ms${through}`);
    }
    if (error instanceof TransportError) return error;
    if (proxy !== undefined && failure === 'connection') {
      return new TransportError('proxy', proxy.explain(error), { cause: error });
    }
    return new TransportError(failure, rootCause(error).message, { cause: error });
  };

  let complete = false;
  try {
    let response: Response;
    try {
      const init: RequestInit = { redirect: 'error', headers: { accept }, signal: controller.signal };
      response = await (proxy === undefined ? fetch(url, init) : proxy.fetch(url, init));
    } catch (error) {
      throw explain(error, 'connection');
    }
    try {
      const result = await read(response);
      complete = true;
      return result;
    } catch (error) {
      throw explain(error, 'cut_body');
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    // Lets go of a connection whose answer was not read to its end.
    if (!complete) controller.abort();
  }
}

/**
 * One GET of a text. The body of an error status may be missing: its status alone says what to do, so a cut 429 still
 * counts as a 429.
 *
 * @throws TransportError, or the signal's reason when the caller aborts
 */
export async function httpGet(url: string, { maxBodyBytes, ...options }: HttpGetOptions): Promise<HttpAnswer> {
  let refused: Omit<HttpAnswer, 'text'> | undefined;
  try {
    return await httpRequest(url, { ...options, accept: 'application/json' }, async (response) => {
      const { status, headers } = response;
      if (!response.ok) refused = { status, headers };
      return { status, headers, text: await readText(response, maxBodyBytes) };
    });
  } catch (error) {
    if (refused === undefined || !(error instanceof TransportError)) throw error;
    return { ...refused, text: '' };
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
