import { describeTable } from '../rows/table';

/** Single facts about the store. */
export const STORE_FACTS = describeTable('store_facts', ['name'], { name: 'text', value: 'text' });

/** Since when (microseconds) lines have been taken of which the tables have no rows. */
export const BRONZE_ONLY_FACT = 'bronze_only_since';

/** Before which time (microseconds) days may have lost their minutes to retention. */
export const MINUTES_REMOVED_FACT = 'minutes_removed_until';
