import { open } from 'node:fs/promises';
import { httpRequest, TransportError, type HttpRequestOptions } from './http-get';

export interface DownloadOptions extends Omit<HttpRequestOptions, 'accept'> {
  /** Largest body taken. */
  readonly maxBytes: number;
}

export interface DownloadAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Bytes written; 0 for every status but 200, whose body is not kept. */
  readonly bytes: number;
}

/**
 * One GET into a new file, piece by piece. @throws TransportError (then the file holds a part), or the signal's reason
 * when the caller aborts
 */
export async function httpDownload(
  url: string,
  path: string,
  { maxBytes, ...options }: DownloadOptions,
): Promise<DownloadAnswer> {
  return httpRequest(url, { ...options, accept: '*/*' }, async (response) => {
    const { status, headers } = response;
    if (status !== 200) {
      await response.body?.cancel();
      return { status, headers, bytes: 0 };
    }
    let bytes = 0;
    const file = await open(path, 'w');
    try {
      for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
        bytes += chunk.byteLength;
        if (bytes > maxBytes) throw new TransportError('oversized_body', `the file is larger than ${maxBytes} bytes`);
        await file.write(chunk);
      }
    } finally {
      await file.close();
    }
    return { status, headers, bytes };
  });
}
