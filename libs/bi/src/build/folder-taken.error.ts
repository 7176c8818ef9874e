/** What a build would have to remove was made by no build. */
export class FolderTakenError extends Error {
  readonly code = 'BI.FOLDER_TAKEN';

  constructor(folder: string) {
    super(`${folder} is not empty and was made by no build`);
    this.name = 'FolderTakenError';
  }
}
