import type { IncomingMessage } from 'node:http';
import { keyHash } from '@app/config';
import { Callers } from './callers';
import { KeyCheck } from './key-check';
import { KeyRing } from './key-ring';
import { privateFor } from './private-answers';

const LIMITS = { throttleLimit: 5, throttleKeyLimit: 50, trustProxyHops: 0 };

describe('KeyCheck', () => {
  const ring = new KeyRing([{ name: 'a', sha256: keyHash('key of a') }], { realNow: () => 0 });
  const callers = new Callers(LIMITS, ring);

  const asked = (headers: Record<string, string> = {}, method = 'GET'): IncomingMessage =>
    ({
      method,
      url: '/',
      headers,
      headersDistinct: {},
      socket: { remoteAddress: '192.0.2.1' },
    }) as unknown as IncomingMessage;
  const statusOf = (check: KeyCheck, request: IncomingMessage, route?: string): number | undefined =>
    check.refusalOf(request, route)?.problem.status;

  it('should let everybody in where none is required, but no key that is unknown', () => {
    const check = new KeyCheck(callers, false);
    expect(statusOf(check, asked(), '/symbols')).toBeUndefined();
    expect(statusOf(check, asked({ 'x-api-key': 'key of a' }), '/symbols')).toBeUndefined();
    expect(statusOf(check, asked({ 'x-api-key': 'key of b' }), '/livez')).toBe(401);
    expect(statusOf(check, asked({ 'x-api-key': 'key of a, key of b' }), '/symbols')).toBe(400);
  });

  it.each([
    ['/', undefined],
    ['/assets/:name', undefined],
    ['/docs', undefined],
    ['/docs/*', undefined],
    ['/openapi.json', undefined],
    ['/livez', undefined],
    ['/readyz', undefined],
    ['/health', 401],
    ['/metrics', 401],
    ['/docsx', 401],
    [undefined, 401],
  ])('should answer %s without a key, where one is required, with %s', (route, status) => {
    expect(statusOf(new KeyCheck(callers, true), asked(), route)).toBe(status);
  });

  it('should let preflights through, and no other OPTIONS', () => {
    const check = new KeyCheck(callers, true);
    expect(statusOf(check, asked({ 'access-control-request-method': 'GET' }, 'OPTIONS'))).toBeUndefined();
    expect(statusOf(check, asked({}, 'OPTIONS'))).toBe(401);
  });

  it('should not call a key unknown while the store cannot be read', () => {
    const away = new KeyRing([{ name: 'a', sha256: keyHash('key of a') }], { realNow: () => 0 });
    away.miss(new Error('locked'));
    const check = new KeyCheck(new Callers(LIMITS, away), true);
    expect(statusOf(check, asked({ 'x-api-key': 'key of b' }), '/symbols')).toBe(503);
    expect(statusOf(check, asked({ 'x-api-key': 'key of a' }), '/symbols')).toBeUndefined();
  });

  it('should be told of no keys where a process takes none', () => {
    const none = new Callers(LIMITS, undefined);
    expect(none.of(asked({ 'x-api-key': 'key of b' }))).toMatchObject({ client: '192.0.2.1', fault: undefined });
  });

  it.each([
    ['public, max-age=60', 'private, max-age=60'],
    ['no-cache', 'private, no-cache'],
    ['no-cache, no-transform', 'private, no-cache, no-transform'],
    ['no-store', 'no-store'],
    ['private, max-age=5', 'private, max-age=5'],
  ])('should make %s of an answer to a key %s', (open, own) => {
    expect(privateFor(callers.of(asked({ 'x-api-key': 'key of a' })), open)).toBe(own);
    expect(privateFor(callers.of(asked()), open)).toBe(open);
  });
});
