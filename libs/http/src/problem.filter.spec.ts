import { ForbiddenException, NotFoundException, type ArgumentsHost } from '@nestjs/common';
import { StoreNotReadyError } from '@app/domain';
import { createLogger } from '@app/observability';
import { invalidParameter, methodNotAllowed } from './problem.error';
import { ProblemFilter } from './problem.filter';
import { PublicAddress } from './public-address';

const AT_THE_ROOT = new PublicAddress({ publicUrl: null, trustProxyHops: 0 });

describe('ProblemFilter', () => {
  let lines: string[];
  let headers: Map<string, unknown>;
  let answer: { status: number; body: Record<string, unknown> };
  let filter: ProblemFilter;

  beforeEach(() => {
    lines = [];
    headers = new Map<string, unknown>([
      ['etag', 'W/"x"'],
      ['content-disposition', 'inline'],
      ['x-request-id', 'id'],
    ]);
    filter = new ProblemFilter(createLogger('info', 'test', { write: (line) => void lines.push(line) }), AT_THE_ROOT);
  });

  function answerTo(error: unknown, url = '/candles?symbol=A&key=secret'): typeof answer {
    const reply = {
      sent: false,
      code: (status: number) => {
        answer = { status, body: {} };
        return reply;
      },
      headers: (given: Record<string, unknown>) => {
        for (const [name, value] of Object.entries(given)) headers.set(name.toLowerCase(), value);
        return reply;
      },
      removeHeader: (name: string) => {
        headers.delete(name);
      },
      send: (body: string) => {
        answer.body = JSON.parse(body) as Record<string, unknown>;
      },
    };
    const host = { switchToHttp: () => ({ getRequest: () => ({ id: 'id', url }), getResponse: () => reply }) };
    filter.catch(error, host as unknown as ArgumentsHost);
    return answer;
  }

  it('should tell a wrong parameter by field, value and what is allowed', () => {
    expect(answerTo(invalidParameter('limit', '0', 'one whole number from 1 to 5000'))).toEqual({
      status: 400,
      body: {
        type: 'urn:csp:problem:request-invalid-parameter',
        title: 'A parameter is not allowed',
        status: 400,
        detail: 'limit: "0" is not allowed; expected one whole number from 1 to 5000',
        instance: '/candles',
        code: 'REQUEST.INVALID_PARAMETER',
        errors: [{ field: 'limit', value: '0', allowed: 'one whole number from 1 to 5000' }],
      },
    });
    expect(lines).toEqual([]);
  });

  it('should let no cache keep an error, nor carry headers of the answer that was meant', () => {
    answerTo(methodNotAllowed('POST', ['GET', 'HEAD']));
    expect(Object.fromEntries(headers)).toEqual({
      'x-request-id': 'id',
      allow: 'GET, HEAD',
      'cache-control': 'no-store',
      'content-type': 'application/problem+json',
    });
  });

  it('should keep what went wrong inside to the log', () => {
    const error = new Error('SELECT * FROM secrets at /srv/app.db');
    const { status, body } = answerTo(error);
    expect({ status, code: body['code'] }).toEqual({ status: 500, code: 'INTERNAL' });
    expect(JSON.stringify(body)).not.toMatch(/SELECT|app\.db|stack/);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('SELECT * FROM secrets');
    expect(lines[0]).not.toContain('key=secret');
  });

  it('should ask to come back while the store cannot be read', () => {
    expect(answerTo(new StoreNotReadyError('there is no database yet'))).toMatchObject({
      status: 503,
      body: { detail: 'there is no database yet' },
    });
    expect(headers.get('retry-after')).toBe('5');
  });

  it.each<[unknown, number, string]>([
    [new NotFoundException('secret wording'), 404, 'ROUTE.NOT_FOUND'],
    [new ForbiddenException('secret wording'), 403, 'REQUEST.REFUSED'],
    [
      Object.assign(new Error('secret wording'), { statusCode: 414, code: 'FST_ERR_MAX_PARAM_LENGTH' }),
      414,
      'REQUEST.URL_TOO_LONG',
    ],
    [Object.assign(new Error('secret wording'), { statusCode: 403, status: 403 }), 403, 'REQUEST.REFUSED'],
    [Object.assign(new Error('secret wording'), { statusCode: 400, code: 'ERR_OTHER' }), 500, 'INTERNAL'],
    [Object.assign(new Error('secret wording'), { statusCode: 502, status: 502 }), 500, 'INTERNAL'],
    ['a thrown text', 500, 'INTERNAL'],
    [undefined, 500, 'INTERNAL'],
  ])('should have a wording of its own for %s', (error, status, code) => {
    const told = answerTo(error);
    expect({ status: told.status, code: told.body['code'] }).toEqual({ status, code });
    expect(JSON.stringify(told.body)).not.toContain('secret wording');
  });
});
