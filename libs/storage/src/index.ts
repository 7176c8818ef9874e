export { CaptureOwnerError } from './database/capture-owner.lock';
export { ConsumerStore } from './consumer-store';
export { StorageConsumeModule } from './storage-consume.module';
export { StorageReadModule } from './storage-read.module';
export { StorageWriteModule } from './storage-write.module';
export type { StoreOptions } from './store-parts';
export { WriteStore } from './write-store';
