export { ARCHIVE_FILE, ArchiveIdentity, ArchiveIdentityError, writerIdOf } from './archive-identity';
export { BronzeArchive } from './bronze-archive';
export { BronzeCompactor } from './bronze-compactor';
export { CompressedFileError } from './bronze-lines';
export { BronzeLosses, type UnreadableLine } from './bronze-losses.port';
export { BronzeReaders } from './bronze-readers.port';
export { BronzeRecovery } from './bronze-recovery';
export { BronzeRetention } from './bronze-retention';
export { type BronzeUnit } from './bronze-unit';
export { BronzeUnits, type BronzeUnitOptions } from './bronze-units.port';
export { BronzeWatch } from './bronze-watch';
export { DamagedFiles, type FileDamage } from './damaged-files.port';
export {
  FetchedRowsHash,
  fileManifestLine,
  MANIFEST,
  MANIFEST_FILE,
  givesSameRows,
  manifestLine,
} from './fetch-manifest';
export { foundDamage } from './found-damage';
export { LinesReplay } from './lines-replay';
export { alteredSince, lossOfRemoved, shorterThan, unreadableLines } from './lost-files';
export {
  assetsLine,
  clockLine,
  ledgerLine,
  reachLine,
  revisionLine,
  spansAfter,
  stoppedLine,
  trackingLine,
  withTrueStamps,
  type ManifestEntry,
} from './manifest-entry';
export { readManifest } from './manifest-reader';
export { RecoveredStore } from './recovered-store.port';
export { StoredFiles, type NamedStoredFile, type StoredFile, type StreamFile } from './stored-files.port';
