/** Where builds of the BI tables are, unless another folder is named. */
export const DEFAULT_BUILD_FOLDER = 'bi/build';
