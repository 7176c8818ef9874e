import { parseQueryString } from './query-string';

describe('parseQueryString', () => {
  it.each([
    ['', {}],
    ['a=1&b=2', { a: '1', b: '2' }],
    ['a=1&a=2', { a: ['1', '2'] }],
    ['a[]=1', { a: ['1'] }],
    ['a[0]=1&a[1]=2', { a: ['1', '2'] }],
    ['a=0&a%5B%5D=1', { a: ['0', '1'] }],
    ['a%2Cb=%E5%B8%81', { 'a,b': '币' }],
  ])('should parse %j', (text, expected) => {
    expect({ ...parseQueryString(text) }).toEqual(expected);
  });

  it('should drop no parameter, however many there are', () => {
    const others = Array.from({ length: 2_000 }, (_, index) => `x${index}=1`).join('&');
    expect(parseQueryString(`${others}&symbol=A`)['symbol']).toBe('A');
    expect(parseQueryString(`${'symbol=A&'.repeat(2_000)}symbol=B`)['symbol']).toHaveLength(2_001);
  });

  it('should keep the order of thousands of indexed values', () => {
    const values = Array.from({ length: 2_000 }, (_, index) => String(index));
    expect(parseQueryString(values.map((value) => `a[${value}]=${value}`).join('&'))['a']).toEqual(values);
  });

  it('should know no special names', () => {
    const plain = parseQueryString('__proto__=a');
    const listed = parseQueryString('__proto__[]=a&constructor=b');
    expect(Object.entries(plain)).toEqual([['__proto__', 'a']]);
    expect(Object.entries(listed)).toEqual([
      ['__proto__', ['a']],
      ['constructor', 'b'],
    ]);
    expect(({} as Record<string, unknown>)['a']).toBeUndefined();
  });
});
