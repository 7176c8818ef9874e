import { DAY, MINUTE, SECOND } from '@app/domain';
import { judgeAnswer, type Verdict } from './answer-verdict';

const NOW = Date.UTC(2026, 0, 15, 12, 0, 43) * 1_000;

function judge(status: number, body: unknown = '', headers: Record<string, string> = {}): Verdict {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return judgeAnswer({ status, text, headers: new Headers(headers) }, NOW);
}

const FIREWALL_PAGE =
  '<HTML><HEAD><TITLE>ERROR: The request could not be satisfied</TITLE></HEAD><BODY>403</BODY></HTML>';

describe('judgeAnswer', () => {
  it('should take 200 as an answer', () => {
    expect(judge(200, '[]')).toEqual({ kind: 'ok' });
  });

  it('should block for Retry-After seconds on 429', () => {
    const body = { code: -1003, msg: 'Too much request weight used' };
    expect(judge(429, body, { 'retry-after': '17' })).toEqual({
      kind: 'blocked',
      failure: 'rate_limited',
      until: NOW + 17 * SECOND,
      detail: 'HTTP 429: -1003 Too much request weight used',
    });
  });

  it.each([['soon'], ['0'], ['-5'], ['']])('should name no end on 429 with Retry-After "%s"', (value) => {
    expect(judge(429, '', { 'retry-after': value })).toMatchObject({ failure: 'rate_limited', until: undefined });
  });

  it('should understand Retry-After as a date', () => {
    const verdict = judge(429, '', { 'retry-after': 'Thu, 15 Jan 2026 12:03:00 GMT' });
    expect(verdict).toMatchObject({ until: NOW + 137 * SECOND });
  });

  it('should read the end of a ban from the message when there is no header', () => {
    const until = NOW / 1_000 + 3_600_000;
    const msg = `Way too much request weight used; IP banned until ${until}. Please use WebSocket Streams.`;
    expect(judge(418, { code: -1003, msg })).toMatchObject({
      kind: 'blocked',
      failure: 'banned',
      until: until * 1_000,
    });
  });

  it('should name no end of a ban without any, and hold an absurd one for a week', () => {
    expect(judge(418)).toMatchObject({ failure: 'banned', until: undefined });
    expect(judge(418, '', { 'retry-after': '999999999' })).toMatchObject({ until: NOW + 7 * DAY });
  });

  it('should leave open whom the firewall means, unless it names a time', () => {
    const detail = 'HTTP 403: ERROR: The request could not be satisfied';
    expect(judge(403, FIREWALL_PAGE)).toEqual({ kind: 'firewall', detail });
    expect(judge(202, '')).toEqual({ kind: 'firewall', detail: 'HTTP 202' });
    expect(judge(403, FIREWALL_PAGE, { 'retry-after': '5' })).toEqual({
      kind: 'blocked',
      failure: 'forbidden',
      until: NOW + 5 * SECOND,
      detail,
    });
  });

  it('should hold up a question for as long as the exchange wants, but for ten minutes at most', () => {
    expect(judge(503, '', { 'retry-after': '30' })).toMatchObject({ kind: 'transient', retryAt: NOW + 30 * SECOND });
    expect(judge(503, '', { 'retry-after': '86400' })).toMatchObject({ retryAt: NOW + 10 * MINUTE });
    expect(judge(404, '', { 'retry-after': '86400' })).toMatchObject({ retryAt: NOW + 10 * MINUTE });
    expect(judge(503)).toMatchObject({ retryAt: undefined });
  });

  it('should name a geo block by its message', () => {
    const body = '{\n  "code": 0,\n  "msg": "Service unavailable from a restricted location"\n}';
    expect(judge(451, body)).toEqual({
      kind: 'geo_blocked',
      detail: 'HTTP 451: 0 Service unavailable from a restricted location',
    });
  });

  it.each([[500], [502], [503], [504], [204], [304]])('should try again after %i', (status) => {
    expect(judge(status, { code: -1007, msg: 'Timeout' })).toMatchObject({ kind: 'transient' });
  });

  it.each([
    [400, { code: -1121, msg: 'Invalid symbol.' }, 'unknown_symbol'],
    [
      400,
      { code: -1100, msg: "Illegal characters found in parameter 'symbols'; legal range is '…'." },
      'unknown_symbol',
    ],
    [400, { code: -1100, msg: "Illegal characters found in parameter 'limit'; legal range is '…'." }, 'rejected'],
    [400, { code: -1120, msg: 'Invalid interval.' }, 'rejected'],
    [401, '', 'rejected'],
    [404, '<html></html>', 'not_found'],
    [404, '', 'not_found'],
  ])('should not try again after %i %j: %s', (status, body, failure) => {
    expect(judge(status, body)).toMatchObject({ kind: 'refused', failure });
  });

  it('should say code and message in one short line', () => {
    const verdict = judge(400, { code: -1102, msg: `Mandatory\n\u0007parameter ${'x'.repeat(1_000)}` });
    expect(verdict).toMatchObject({
      detail: expect.stringMatching(/^HTTP 400: -1102 Mandatory parameter x{1,200}$/) as string,
    });
  });
});
