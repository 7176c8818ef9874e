import { BI_TABLE_HEADERS, numericColumns, type BiTableName } from '../contracts/bi';
import { parseColumns } from './list-parameters';
import { QueryParameter, single } from './query-parameter.decorator';

/** Some columns of a table. */
export function TableColumnsParameter(table: BiTableName): PropertyDecorator {
  const header: readonly string[] = BI_TABLE_HEADERS[table];
  return QueryParameter({
    parse: single((text) => {
      const names = parseColumns(text);
      return names?.every((name) => header.includes(name)) ? names : undefined;
    }),
    allowed: `columns of ${table}, each once, separated by commas: ${header.join(', ')}`,
    openApi: {
      type: 'string',
      description: 'Columns to answer with, in this order; all by default.',
      example: header.slice(0, 3).join(','),
    },
  });
}

/** A column of a table of dates or hours, turned so that each symbol has a column. */
export function WideParameter(table: BiTableName): PropertyDecorator {
  const names = numericColumns(table);
  const [first = ''] = names;
  return QueryParameter({
    parse: single((text) => names.find((name) => name === text)),
    allowed: `a numeric column of ${table}: ${names.join(', ')}`,
    openApi: {
      type: 'string',
      enum: [...names],
      description:
        'One row for each date, or hour, and one column for each symbol, with this column in the cells: in the order ' +
        'asked for, else by code points. A cell without a row is empty. Not together with `columns`.',
      example: names.includes('close') ? 'close' : first,
    },
  });
}

/** A table without dates cannot be turned: what asks for it is told so, and not ignored. */
export function NeverWideParameter(table: BiTableName): PropertyDecorator {
  return QueryParameter({
    parse: () => undefined,
    allowed: `no such parameter: ${table} has one row for each symbol, and no dates or hours`,
  });
}
