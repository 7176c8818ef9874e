export { ArchiveIdentityError } from './bronze/archive-identity';
export { CaptureOwnerError } from './database/capture-owner.lock';
export { handleOf, openWriter, type SqliteHandle } from './database/sqlite-connection';
export { StoreBusyError, WriteQueue } from './database/write-queue';
export { StorageReadModule } from './storage-read.module';
export { StorageWriteModule } from './storage-write.module';
export { WriteStore, type WriteStoreOptions } from './write-store';
