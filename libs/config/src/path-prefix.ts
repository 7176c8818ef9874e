/** Longest path that a proxy may take off. */
const MAX_LENGTH = 200;

/** Nothing that means something in HTML, in a header or in a template: it is put in front of addresses as it is. */
const SEGMENT = /^(?:[\w.~+=:@-]|%[\dA-Fa-f]{2})+$/;

/**
 * A path below which a proxy serves this platform, without the slash at its end: '' for the root. Undefined for what is
 * none: anything that could lead to another host (`//host`, a scheme), out of it (`..`), or that is not printable.
 */
export function pathPrefixOf(text: string): string | undefined {
  const path = text.endsWith('/') ? text.slice(0, -1) : text;
  if (path === '') return '';
  const [first, ...segments] = path.split('/');
  return first === '' && path.length <= MAX_LENGTH && segments.every(isSegment) ? path : undefined;
}

function isSegment(text: string): boolean {
  if (!SEGMENT.test(text)) return false;
  let name: string;
  try {
    name = decodeURIComponent(text);
  } catch {
    return false;
  }
  // Proxies decode: what is escaped twice may be a slash or dots to one of them.
  return name !== '.' && name !== '..' && !/[\p{C}\s/\\%{}]/u.test(name);
}
