export { CaptureOwnerError } from './database/capture-owner.lock';
export { StorageReadModule } from './storage-read.module';
export { StorageWriteModule } from './storage-write.module';
export { WriteStore, type WriteStoreOptions } from './write-store';
