export { flushFolder, FolderNotMadeError, makeFolder, makeFolderOf } from './folder';
