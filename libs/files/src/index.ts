export { FileLock, FileLockError, identityOf, isSameFile, type FileIdentity } from './file-lock';
export { flushFolder, FolderNotMadeError, makeFolder, makeFolderOf } from './folder';
export { diskSpaceAt, isLow, type DiskSpace } from './free-space';
export { isMountPoint } from './mount-point';
export { resolveFile } from './resolve-file';
export { NoScratchFolderError, ScratchFolders } from './scratch-folders';
