import { credentialsOf } from './credentials';

function read(
  url: string,
  headers: Record<string, string> = {},
  authorization: readonly string[] = [],
): ReturnType<typeof credentialsOf> {
  const [first] = authorization;
  return credentialsOf({
    url,
    headers: { ...headers, ...(first === undefined ? {} : { authorization: first }) },
    headersDistinct: first === undefined ? {} : { authorization: [...authorization] },
  });
}

describe('keys of a request', () => {
  it.each([
    ['X-API-Key', read('/candles', { 'x-api-key': 'k1' })],
    ['Authorization: Bearer', read('/candles', {}, ['Bearer k1'])],
    ['the scheme in any case', read('/candles', {}, ['bEARER  k1'])],
    ['api_key in the address', read('/candles?api_key=k1')],
    ['api_key behind a #', read('/candles#api_key=k1')],
    ['a list as some clients write it', read('/candles?api_key[]=k1')],
    ['an escaped name', read('/candles?api%5Fkey=k1')],
    ['the same key in several places', read('/candles?api_key=k1&api_key=k1', { 'x-api-key': 'k1' }, ['Bearer k1'])],
  ])('should be found as %s', (_what, credentials) => {
    expect(credentials).toEqual({ keys: ['k1'], url: '/candles' });
  });

  it('should leave the rest of an address as it was written', () => {
    expect(read('/bi/x.csv?a=%20b&api_key=k%2B1&c=d+e&&f').url).toBe('/bi/x.csv?a=%20b&c=d+e&&f');
    expect(read('/bi/x.csv?start=2026-01-01T00%3A00&broken=%').url).toBe('/bi/x.csv?start=2026-01-01T00%3A00&broken=%');
    expect(read('/a%3Fapi_key=1').url).toBe('/a%3Fapi_key=1');
  });

  it('should be decoded where they stand in an address', () => {
    expect(read('/x?api_key=k%2B1').keys).toEqual(['k+1']);
    expect(read('/x?api_key=%E0%A4%A').keys).toHaveLength(1);
  });

  it('should all be there where they differ', () => {
    expect(read('/x?api_key=a&api_key=b').keys).toEqual(['a', 'b']);
    expect(read('/x?api_key=a', { 'x-api-key': 'b' }).keys).toEqual(['b', 'a']);
    expect(read('/x', { 'x-api-key': 'a, b' }).keys).toEqual(['a', 'b']);
    expect(read('/x', {}, ['Bearer a', 'Bearer b']).keys).toEqual(['a', 'b']);
  });

  it('should be none of another scheme', () => {
    expect(read('/x', {}, ['Basic dXNlcjpwYXNz']).keys).toEqual([]);
    expect(read('/x', {}, ['Basic dXNlcjpwYXNz', 'Bearer k1']).keys).toEqual(['k1']);
    expect(read('/x', {}, ['Bearerk1']).keys).toEqual([]);
  });

  it('should be empty ones where they were sent empty', () => {
    for (const credentials of [
      read('/x?api_key='),
      read('/x?api_key'),
      read('/x', { 'x-api-key': '' }),
      read('/x', {}, ['Bearer']),
    ])
      expect(credentials.keys).toEqual(['']);
  });

  it('should be read once: a second look at a rewritten address finds them, too', () => {
    const request = { url: '/x?api_key=k1', headers: {}, headersDistinct: {} };
    const { url } = credentialsOf(request);
    request.url = url;
    expect(credentialsOf(request).keys).toEqual(['k1']);
  });
});
