export { FileLock, FileLockError, identityOf, isSameFile, type FileIdentity } from './file-lock';
export { flushFolder, FolderNotMadeError, makeFolder, makeFolderOf } from './folder';
export { isMountPoint } from './mount-point';
export { resolveFile } from './resolve-file';
export { NoScratchFolderError, ScratchFolders } from './scratch-folders';
