import { clientAddress } from './client-address';

function request(
  forwarded?: string | string[],
  peer: string | undefined = '10.0.0.9',
): Parameters<typeof clientAddress>[0] {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  return { headers, socket: { remoteAddress: peer } } as unknown as Parameters<typeof clientAddress>[0];
}

describe('clientAddress', () => {
  it('should believe nobody but the peer without proxies', () => {
    expect(clientAddress(request('203.0.113.7'), 0)).toBe('10.0.0.9');
  });

  it('should take what the only proxy appended, and never what the client wrote left of it', () => {
    expect(clientAddress(request('1.1.1.1, 203.0.113.7'), 1)).toBe('203.0.113.7');
    expect(clientAddress(request('2.2.2.2, 203.0.113.7'), 1)).toBe('203.0.113.7');
  });

  it('should count proxies from the right', () => {
    expect(clientAddress(request('6.6.6.6, 203.0.113.7, 192.0.2.1'), 2)).toBe('203.0.113.7');
  });

  it('should read a header that came several times as one chain', () => {
    expect(clientAddress(request(['6.6.6.6', '203.0.113.7, 192.0.2.1']), 2)).toBe('203.0.113.7');
  });

  it('should take the peer when the header is missing, too short, or holds no address', () => {
    expect(clientAddress(request(), 1)).toBe('10.0.0.9');
    expect(clientAddress(request('203.0.113.7'), 2)).toBe('10.0.0.9');
    expect(clientAddress(request('6.6.6.6, unknown'), 1)).toBe('10.0.0.9');
  });

  it('should take IPv6 addresses', () => {
    expect(clientAddress(request('2001:db8::7'), 1)).toBe('2001:db8::7');
  });
});
