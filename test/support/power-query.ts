import { rawRequest } from './raw-request';

/** A table as Power Query has it after its steps; cells as text, null where they are empty. */
export interface QueryTable {
  readonly url: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Texts that `Table.TransformColumnTypes` with the culture en-US takes for a type; an empty cell is null. */
const TYPES: Readonly<Record<string, RegExp>> = {
  'type text': /^[^]*$/,
  'type number': /^-?\d+(?:\.\d+)?$/,
  'Int64.Type': /^-?\d+$/,
  'type logical': /^(?:true|false)$/,
  'type date': /^\d{4}-\d{2}-\d{2}$/,
  'type datetimezone': /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,7})?(?:Z|[+-]\d{2}:\d{2})$/,
};

/**
 * Runs a query in M whose steps are those of the recipes: `Csv.Document` of `Web.Contents` with a literal host,
 * `Table.PromoteHeaders` and `Table.TransformColumnTypes`.
 *
 * @throws where M would show an error: another status than 200, a column that is not there, a cell of another type
 */
export async function powerQuery(text: string, base: string): Promise<QueryTable> {
  const query = text.replace(/^\s*\/\/.*$/gm, '');
  const one = (pattern: RegExp): string => {
    const found = pattern.exec(query)?.[1];
    if (found === undefined) throw new Error(`the query has no ${pattern.source}`);
    return found;
  };
  if (one(/Web\.Contents\(\s*"([^"]*)"/) !== 'https://your-host') throw new Error('the host is no literal');
  const path = one(/RelativePath = "([^"]*)"/);
  const parameters = [...one(/Query = \[([^\]]*)\]/).matchAll(/(\w+) = "([^"]*)"/g)].map(
    ([, name = '', value = '']): [string, string] => [name, value],
  );
  const url = `${base}/${path}?${new URLSearchParams(parameters).toString()}`;
  const { status, body } = await rawRequest(url);
  if (status !== 200) throw new Error(`${url}: HTTP ${status}: ${body.toString()}`);
  const delimiter = one(/Delimiter = "([^"]*)"/);
  const [columns = [], ...rows] = body
    .toString()
    .replace(/\r\n$/, '')
    .split('\r\n')
    .map((line) => line.split(delimiter));
  if (!/PromoteAllScalars = true/.test(query)) throw new Error('the first row is no header');
  for (const [, name = '', type = ''] of query.matchAll(/\{"(\w+)", ([\w. ]+)\}/g)) {
    const column = columns.indexOf(name);
    if (column === -1) throw new Error(`Expression.Error: the column '${name}' of the table wasn't found`);
    const wrong = rows.find((row) => row[column] !== '' && TYPES[type]?.test(row[column] ?? '') !== true);
    if (wrong) throw new Error(`DataFormat.Error: ${name} is ${String(wrong[column])}, no ${type}`);
  }
  return { url, columns, rows };
}
