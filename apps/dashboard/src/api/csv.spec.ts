import { parseCsv } from './csv';

describe('parseCsv', () => {
  it('should read rows by their columns', () => {
    expect(parseCsv('a,b\r\n1,2\r\n3,\r\n')).toEqual([
      { a: '1', b: '2' },
      { a: '3', b: '' },
    ]);
  });

  it('should read quoted cells', () => {
    expect(parseCsv('a,b\r\n"x, ""y""\r\nz",2')).toEqual([{ a: 'x, "y"\r\nz', b: '2' }]);
  });

  it('should give nothing for a header alone and for nothing', () => {
    expect(parseCsv('a,b\r\n')).toEqual([]);
    expect(parseCsv('')).toEqual([]);
  });
});
