import { acceptedFormat } from './accepted-format';

const CSV = 'text/csv';

describe('acceptedFormat', () => {
  it.each([
    ['text/csv;q=0.1, application/json', 'json'],
    ['application/json;q=0.5, text/csv;q=0.9', 'csv'],
    ['application/json; q=0.2, application/x-ndjson; q=0.8, text/csv;q=0.4', 'ndjson'],
    ['text/csv;q=0.9, */*', 'json'],
    ['text/csv, */*;q=0.1', 'csv'],
    ['*/*;q=0.1, application/vnd.apache.parquet;q=0.2', 'parquet'],
    ['text/csv;q=1.000, application/json;q=0.999', 'csv'],
    ['text/csv;header=present;q=0.3, application/json;q=0.2', 'csv'],
  ])('should honour the qualities of %j', (accept, format) => {
    expect(acceptedFormat(accept)).toBe(format);
  });

  it.each([
    ['text/csv, application/json', 'csv'],
    ['application/json, text/csv', 'json'],
    ['*/*, text/csv', 'csv'],
    ['text/csv, */*', 'csv'],
    ['TEXT/CSV ; Q=0.5', 'csv'],
  ])('should take the first that is named of equal ones in %j', (accept, format) => {
    expect(acceptedFormat(accept)).toBe(format);
  });

  it.each([
    undefined,
    '',
    '*/*',
    'text/html',
    'application/*;q=0.1',
    `${CSV};q=0`,
    `${CSV};q=0.000, text/html`,
    'q=1',
    ';;,',
  ])('should be JSON for %j', (accept) => {
    expect(acceptedFormat(accept)).toBe('json');
  });

  it('should take no notice of a quality that is none', () => {
    expect(acceptedFormat(`application/json;q=0.5, ${CSV};q=high`)).toBe('csv');
  });
});
