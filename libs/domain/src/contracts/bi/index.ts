export type { BiField, BiFieldType, BiTable } from './bi-field';
export * from './bi-tables';
export { dataPackage, type DataPackage, type DataPackageField, type DataPackageResource } from './data-package';
