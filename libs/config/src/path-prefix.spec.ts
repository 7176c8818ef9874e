import { pathPrefixOf } from './path-prefix';

describe('pathPrefixOf', () => {
  it.each([
    ['/market', '/market'],
    ['/market/', '/market'],
    ['/a/b-c/v1.2_~', '/a/b-c/v1.2_~'],
    ['/user/name@x.org/proxy/http:csp:8000', '/user/name@x.org/proxy/http:csp:8000'],
    ['/b%C3%B6rse', '/b%C3%B6rse'],
    ['/...', '/...'],
    [`/${'x'.repeat(199)}`, `/${'x'.repeat(199)}`],
    ['/', ''],
    ['', ''],
  ])('should take %s', (text, prefix) => {
    expect(pathPrefixOf(text)).toBe(prefix);
  });

  it.each([
    'market',
    '//evil.example',
    '//evil.example/',
    '/a//b',
    '/a//',
    'https://evil.example',
    '/..',
    '/a/../b',
    '/a/.',
    '/%2e%2e',
    '/%2E./a',
    '/a%2fb',
    '/a%5Cb',
    '/a%252fb',
    '/\\evil.example',
    '/a b',
    '/a%20b',
    '/%7Btenant%7D',
    '/a%20%00',
    '/a%0d%0aX: y',
    '/a\r\nX: y',
    '/a\u0000',
    '/a\u007f',
    '/a%E2%80%AE',
    '/a%',
    '/a%zz',
    '/a%ff',
    '/a?b',
    '/a#b',
    '/<script>',
    '/a"b',
    "/a'b",
    '/{server}',
    '/börse',
    '/a,/b',
    `/${'x'.repeat(200)}`,
  ])('should refuse %j', (text) => {
    expect(pathPrefixOf(text)).toBeUndefined();
  });
});
