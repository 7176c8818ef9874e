import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { MILLISECOND, type EpochMicros } from '@app/domain';

const opaque = (tag: string): string => tag.trim().replace(/^W\//, '');

/** The version of an answer: equal bytes have equal tags, in whatever coding they are sent. */
export function weakTag(bytes: Buffer): string {
  return `W/"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
}

/**
 * Whether the client has the current version already (RFC 9110, 13.2.2): `If-None-Match` by weak comparison, and
 * `If-Modified-Since` only where that is absent. Whether a copy of a date is the current version is for the caller to say.
 */
export function isNotModified(
  headers: IncomingHttpHeaders,
  etag: string,
  isCopiedAt: (since: EpochMicros) => boolean,
): boolean {
  const tags = headers['if-none-match'];
  if (tags !== undefined) {
    // As most clients send it.
    if (tags === etag) return true;
    return tags.trim() === '*' || tags.split(',').some((tag) => opaque(tag) === opaque(etag));
  }
  const since = headers['if-modified-since'];
  if (since === undefined) return false;
  const millis = Date.parse(since);
  return !Number.isNaN(millis) && isCopiedAt(millis * MILLISECOND);
}
