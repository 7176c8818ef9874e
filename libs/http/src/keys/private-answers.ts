import type { Caller } from './callers';

/** What `Cache-Control` of an answer says to a caller: of one to a key, only the client itself may keep a copy. */
export function privateFor({ key }: Caller, cacheControl: string): string {
  if (key === undefined || /\b(?:private|no-store)\b/.test(cacheControl)) return cacheControl;
  const isPublic = /\bpublic\b/.test(cacheControl);
  return isPublic ? cacheControl.replace(/\bpublic\b/, 'private') : `private, ${cacheControl}`;
}
