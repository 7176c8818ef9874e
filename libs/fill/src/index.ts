export { MinuteFill } from './minute-fill';
export { absentMinutes, firstPage, leftOutOf, minutesWithin, pagesOver, partsWithin } from './minute-ranges';
export { ARCHIVE_ALONE, REST_ALONE, type FillStep, type MinuteSource, type WantedMinutes } from './wanted-minutes';
