/**
 * Where the next page of a list is, relative to the page in the browser as the first one was: the service may not know
 * which path in front of it the browser came by.
 */
export function nextPath(path: string, nextUrl: string): string {
  const end = path.indexOf('?');
  return (end < 0 ? path : path.slice(0, end)) + nextUrl.slice(nextUrl.indexOf('?'));
}
