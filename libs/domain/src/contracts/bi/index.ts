export type { BiField, BiFieldType, BiTable } from './bi-field';
export * from './bi-tables';
export {
  DATA_PACKAGE_CHANGED_AT,
  dataPackage,
  type DataPackage,
  type DataPackageField,
  type DataPackageResource,
} from './data-package';
