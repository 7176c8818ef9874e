import type { FastifyReply } from 'fastify';
import { PublicAddress } from './public-address';

const from = (value?: string | string[]) => ({ headers: value === undefined ? {} : { 'x-forwarded-prefix': value } });

const behind = (trustProxyHops: number, publicUrl: string | null = null): PublicAddress =>
  new PublicAddress({ publicUrl, trustProxyHops });

describe('PublicAddress', () => {
  it('should believe nobody who is not trusted', () => {
    for (const value of ['/market', '/', '/a, /b']) expect(behind(0).prefixOf(from(value))).toBe('');
  });

  it('should be the root where nobody says otherwise', () => {
    for (const address of [behind(0), behind(2), behind(1, 'https://example.com')]) {
      expect(address.prefixOf(from())).toBe('');
    }
    expect(behind(1).serverUrl(from())).toBe('/');
  });

  it.each([
    [1, '/market', '/market'],
    [1, '/market/', '/market'],
    [1, '/', ''],
    [1, '', ''],
    [1, '/evil, /market', '/market'],
    [1, '//evil.example,/market', '/market'],
    [2, '/outer, /inner', '/outer/inner'],
    [2, '/evil, /outer/, /inner/', '/outer/inner'],
    [2, '/, /inner', '/inner'],
    [3, ['/a', '/b,/c'], '/a/b/c'],
  ])('should take with %d proxies of %j what they took off: %j', (hops, value, prefix) => {
    expect(behind(hops).prefixOf(from(value))).toBe(prefix);
    expect(behind(hops).serverUrl(from(value))).toBe(prefix || '/');
  });

  it.each([
    [1, '//evil.example'],
    [1, 'https://evil.example'],
    [1, '/a/../..'],
    [1, '/market, //evil.example'],
    [1, '/market,'.repeat(3)],
    [2, '/, //evil.example'],
    [2, '/a, b'],
    [2, `/${'x'.repeat(150)}, /${'x'.repeat(150)}`],
  ])('should take with %d proxies %j for no path at all', (hops, value) => {
    expect(behind(hops).prefixOf(from(value))).toBe('');
  });

  it('should go by PUBLIC_URL alone where it is set', () => {
    for (const [url, prefix] of [
      ['https://example.com/market', '/market'],
      ['https://example.com', ''],
      ['https://example.com/b%C3%B6rse/1', '/b%C3%B6rse/1'],
    ] as const) {
      const address = behind(1, url);
      expect([address.prefixOf(from('/evil')), address.serverUrl(from('/evil'))]).toEqual([prefix, url]);
    }
  });

  it('should know of a request that came past the proxy', () => {
    expect(behind(1, 'https://example.com/market').passedPrefixOf(from())).toBe('');
    expect(behind(1, 'https://example.com/market').passedPrefixOf(from('/evil'))).toBe('/market');
    expect(behind(1).passedPrefixOf(from('/other'))).toBe('/other');
    expect(behind(0, 'https://example.com/market').passedPrefixOf(from('/market'))).toBe('');
  });

  it('should know a path that no proxy took off', () => {
    const address = behind(0, 'https://example.com/market');
    expect(address.leftOnOf(from(), '/market/candles')).toBe('/market');
    expect(address.leftOnOf(from(), '/market')).toBe('/market');
    for (const path of ['/marketing', '/candles', '/a/market', '/']) expect(address.leftOnOf(from(), path)).toBe('');
    expect(behind(0).leftOnOf(from(), '/market/candles')).toBe('');
  });

  it('should tell caches that an answer depends on the header, where it does', () => {
    const varyOf = (address: PublicAddress, vary?: string): unknown => {
      const headers = new Map<string, unknown>(vary === undefined ? [] : [['vary', vary]]);
      const reply = {
        getHeader: (name: string) => headers.get(name),
        header: (name: string, value: unknown) => headers.set(name, value),
      };
      address.varyByPrefix(reply as unknown as FastifyReply);
      return headers.get('vary');
    };
    expect(varyOf(behind(1))).toBe('X-Forwarded-Prefix');
    expect(varyOf(behind(1), 'Accept')).toBe('Accept, X-Forwarded-Prefix');
    expect(varyOf(behind(0), 'Accept')).toBe('Accept');
    expect(varyOf(behind(1, 'https://example.com/market'), 'Accept')).toBe('Accept');
  });
});
