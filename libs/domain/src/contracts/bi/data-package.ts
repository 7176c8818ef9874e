import type { EpochMicros } from '../../model';
import type { BiField, BiFieldType, BiTable } from './bi-field';
import { BI_TABLES } from './bi-tables';

const FRICTIONLESS_TYPES: Readonly<Record<BiFieldType, string>> = {
  date: 'date',
  datetime: 'datetime',
  string: 'string',
  boolean: 'boolean',
  integer: 'integer',
  decimal: 'number',
  statistic: 'number',
};

/** A column as Frictionless describes it, with its unit. */
export interface DataPackageField {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly unit?: string;
  readonly example: string;
  readonly constraints: { readonly required: boolean };
}

export interface DataPackageResource {
  readonly name: string;
  readonly path: string;
  readonly profile: 'tabular-data-resource';
  readonly title: string;
  readonly description: string;
  readonly format: 'csv';
  readonly mediatype: 'text/csv';
  readonly encoding: 'utf-8';
  readonly dialect: Readonly<Record<string, string | boolean>>;
  readonly schema: {
    readonly fields: readonly DataPackageField[];
    readonly primaryKey: readonly string[];
    readonly missingValues: readonly string[];
  };
}

export interface DataPackage {
  readonly profile: 'tabular-data-package';
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly resources: readonly DataPackageResource[];
}

function describeField([name, { type, description, unit, nullable, example }]: [string, BiField]): DataPackageField {
  return {
    name,
    type: FRICTIONLESS_TYPES[type],
    description,
    ...(unit === undefined ? {} : { unit }),
    example,
    constraints: { required: nullable !== true },
  };
}

function describeTable([name, table]: [string, BiTable]): DataPackageResource {
  return {
    name,
    path: `${name}.csv`,
    profile: 'tabular-data-resource',
    title: table.title,
    description: table.description,
    format: 'csv',
    mediatype: 'text/csv',
    encoding: 'utf-8',
    dialect: { delimiter: ',', lineTerminator: '\r\n', quoteChar: '"', doubleQuote: true, header: true },
    schema: {
      fields: Object.entries(table.fields).map(describeField),
      primaryKey: table.primaryKey,
      missingValues: [''],
    },
  };
}

/** When the package last changed, which is its `Last-Modified` in every process; a test holds it to what is in it. */
export const DATA_PACKAGE_CHANGED_AT: EpochMicros = Date.UTC(2026, 10, 30) * 1_000;

/**
 * The tables as a Frictionless data package (specs.frictionlessdata.io/tabular-data-package); paths are relative to the
 * descriptor.
 */
export function dataPackage(): DataPackage {
  return {
    profile: 'tabular-data-package',
    name: 'crypto-market-history',
    title: 'Crypto market history',
    description: 'Exact prices, volumes, metrics and data quality of crypto markets. Times are UTC.',
    resources: Object.entries<BiTable>(BI_TABLES).map(describeTable),
  };
}
