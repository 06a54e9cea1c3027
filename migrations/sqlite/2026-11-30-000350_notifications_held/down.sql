DROP INDEX notifications_held_idx;
