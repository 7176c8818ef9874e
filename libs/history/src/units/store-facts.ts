import { describeTable } from '../rows/table';

/** Single facts about the store. */
export const STORE_FACTS = describeTable('store_facts', ['name'], { name: 'text', value: 'text' });

/** When the store was made anew from bronze (real time, microseconds); absent from one that was not. */
export const REBUILT_AT_FACT = 'rebuilt_at';

/** While the store is being made anew: the first line of the manifest that has not been looked at. */
export const REBUILD_POSITION_FACT = 'rebuild_position';

/** While the store is being made anew: JSON object of what could not be had, by number of the manifest's line. */
export const REBUILD_LOSSES_FACT = 'rebuild_losses';

/** Which bronze folder, by its writer id, the store is being made anew from. */
export const REBUILD_SOURCE_FACT = 'rebuild_source';

/** Since when (microseconds) lines have been taken of which the tables have no rows. */
export const BRONZE_ONLY_FACT = 'bronze_only_since';

/** Before which time (microseconds) days may have lost their minutes to retention. */
export const MINUTES_REMOVED_FACT = 'minutes_removed_until';
