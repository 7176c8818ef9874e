import { dataPackage, type BiTableName, type DataPackage, type DataPackageResource } from '@app/domain';
import type { FileDigest } from './file-digest';

/** Name of the descriptor, as Frictionless has it. */
export const DESCRIPTOR = 'datapackage.json';

/** A table in both forms. */
export interface BuiltTable {
  readonly name: BiTableName;
  readonly rows: number;
  /** Of them, those of which something may still change without a repair or a revision. */
  readonly rowsNotFinal: number;
  readonly csv: FileDigest;
  readonly parquet: FileDigest;
}

interface SizedFile {
  readonly bytes: number;
  /** With the algorithm before it, as Frictionless writes hashes that are not MD5. */
  readonly hash: string;
  readonly rows: number;
  readonly rows_not_final: number;
}

/** The same table as Parquet, which describes its columns itself. */
interface ParquetResource extends SizedFile {
  readonly name: string;
  readonly path: string;
  readonly profile: 'data-resource';
  readonly title: string;
  readonly description: string;
  readonly format: 'parquet';
  readonly mediatype: 'application/vnd.apache.parquet';
}

export interface BuiltPackage extends Omit<DataPackage, 'resources'> {
  readonly resources: readonly ((DataPackageResource & SizedFile) | ParquetResource)[];
}

const sized = ({ rows, rowsNotFinal }: BuiltTable, { bytes, sha256 }: FileDigest): SizedFile => ({
  bytes,
  hash: `sha256:${sha256}`,
  rows,
  rows_not_final: rowsNotFinal,
});

/** Describes the files of a build (specs.frictionlessdata.io/data-package): the tables of the contract, twice each. */
export function builtPackage(tables: readonly BuiltTable[]): BuiltPackage {
  const { resources, ...descriptor } = dataPackage();
  return {
    ...descriptor,
    resources: tables.flatMap((table) =>
      resources
        .filter((resource) => resource.name === table.name)
        .flatMap((resource): BuiltPackage['resources'] => [
          { ...resource, ...sized(table, table.csv) },
          {
            name: `${table.name}_parquet`,
            path: `${table.name}.parquet`,
            profile: 'data-resource',
            title: resource.title,
            description: resource.description,
            format: 'parquet',
            mediatype: 'application/vnd.apache.parquet',
            ...sized(table, table.parquet),
          },
        ]),
    ),
  };
}
