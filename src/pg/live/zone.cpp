// Reads a zone's changes from the server's own tables, so that the core and to_sql follow the same rules.
// Server's side.
#include "pg/live/zone.hpp"

#include "pg/boundary/server.hpp"

namespace segmentation::pg {

namespace {

constexpr pg_time_t seconds_1970_to_2000 = 10957 * INT64CONST(86400);
constexpr pg_time_t first_second = -8520336000; // 1700-01-01
// Rules that go on for ever repeat every 400 years; the tables of a few zones reach beyond 2087 before they
// begin to.
constexpr pg_time_t last_second = 16756675200; // 2501-01-01
constexpr int change_limit = 4000;

struct CachedZone {
  char name[TZ_STRLEN_MAX + 1];
  ZoneInput zone;
};
CachedZone *cached_zone = nullptr;

ZoneInput read_zone(const char *name) {
  pg_tz *zone = pg_tzset(name);
  if (zone == nullptr)
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("time zone \"%s\" not recognized", name)));
  auto *changes = static_cast<core::Zone::Change *>(palloc(sizeof(core::Zone::Change) * change_limit));
  ZoneInput input;
  memset(&input, 0, sizeof input);
  input.changes = changes;
  pg_time_t at = first_second;
  for (bool first = true;; first = false) {
    long offset_before, offset_after;
    int summer_before, summer_after;
    pg_time_t boundary;
    int found = pg_next_dst_boundary(&at, &offset_before, &summer_before, &boundary, &offset_after,
                                     &summer_after, zone);
    if (found < 0)
      elog(ERROR, "could not read time zone \"%s\"", name);
    if (first)
      input.initial_offset = static_cast<int32>(offset_before);
    if (found == 0)
      break;
    if (boundary >= last_second || input.change_count == change_limit) {
      input.repeats = true;
      break;
    }
    if (offset_after != offset_before) {
      changes[input.change_count].at = (boundary - seconds_1970_to_2000) * USECS_PER_SEC;
      changes[input.change_count].offset_seconds = static_cast<int32>(offset_after);
      ++input.change_count;
    }
    at = boundary;
  }
  return input;
}

} // namespace

ZoneInput load_zone(const char *name) {
  if (cached_zone != nullptr && strcmp(cached_zone->name, name) == 0)
    return cached_zone->zone;
  ZoneInput input = read_zone(name);
  if (cached_zone == nullptr)
    cached_zone = static_cast<CachedZone *>(MemoryContextAllocZero(TopMemoryContext, sizeof(CachedZone)));
  Size size = sizeof(core::Zone::Change) * static_cast<Size>(Max(input.change_count, 1));
  auto *kept = static_cast<core::Zone::Change *>(MemoryContextAlloc(TopMemoryContext, size));
  memcpy(kept, input.changes, sizeof(core::Zone::Change) * static_cast<Size>(input.change_count));
  if (cached_zone->zone.changes != nullptr)
    pfree(const_cast<core::Zone::Change *>(cached_zone->zone.changes));
  cached_zone->zone = input;
  cached_zone->zone.changes = kept;
  strlcpy(cached_zone->name, name, sizeof cached_zone->name);
  cached_zone->zone.name = cached_zone->name;
  return cached_zone->zone;
}

} // namespace segmentation::pg
