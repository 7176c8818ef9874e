import { ProblemError } from '@app/http';
import { tableText, type TableTextQuery } from './table-text';

describe('tableText', () => {
  it('should have the empty key without options, so that the question is that of the contract', () => {
    expect(tableText({})).toEqual({
      style: { separator: ',', decimal: '.', hasByteOrderMark: false },
      columns: undefined,
      wide: undefined,
      key: '',
    });
  });

  it('should have a key of its own for each text', () => {
    const texts: TableTextQuery[] = [
      {},
      { sep: ';' },
      { sep: 'tab' },
      { sep: ';', decimal: ',' },
      { sep: ';', decimal: ',', bom: '1' },
      { bom: '1' },
      { columns: ['open', 'close'] },
      { columns: ['close', 'open'] },
      { wide: 'close' },
      { wide: 'open' },
      { wide: 'close', sep: ';' },
    ];
    expect(new Set(texts.map((text) => tableText(text).key)).size).toBe(texts.length);
  });

  it.each<[TableTextQuery, string]>([
    [{ decimal: ',' }, 'decimal'],
    [{ decimal: ',', sep: ',' }, 'decimal'],
    [{ wide: 'close', columns: ['close'] }, 'columns'],
  ])('should refuse %j by %s', (query, field) => {
    expect(() => tableText(query)).toThrow(ProblemError);
    expect(() => tableText(query)).toThrow(new RegExp(`^${field}: `));
  });
});
