export { FileLock, FileLockError, identityOf, isSameFile, type FileIdentity } from './file-lock';
export { isOutOfHandles } from './file-handles';
export { flushFile, flushFolder, replaceFile, writeFlushed, writeFully } from './flushed';
export { FolderNotMadeError, makeFolder, makeFolderOf } from './folder';
export { diskSpaceAt, isLow, type DiskSpace } from './free-space';
export { hostFaultOf, isReadOnlyDisk, reasonWithoutPath, type HostFault } from './host-fault';
export { isMountPoint } from './mount-point';
export { resolveFile } from './resolve-file';
export { NoScratchFolderError, ScratchFolders } from './scratch-folders';
