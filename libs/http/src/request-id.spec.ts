import { requestId } from './request-id';

describe('requestId', () => {
  it('should keep a harmless id of the caller', () => {
    expect(requestId({ headers: { 'x-request-id': 'trace-1.a:b_c' } })).toBe('trace-1.a:b_c');
  });

  it.each([undefined, '', 'a b', 'a\tb', 'x'.repeat(129), '"quoted"', ['a', 'b']])(
    'should make a new one for %j',
    (given) => {
      const headers = given === undefined ? {} : { 'x-request-id': given as string };
      expect(requestId({ headers })).toMatch(/^[0-9a-f-]{36}$/);
    },
  );
});
