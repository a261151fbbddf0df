// Counts, the instant of a change, and from which version of the definitions on verdicts are of use. Server's
// side.
#include "pg/maintain/built.hpp"

#include "pg/stored/counts.hpp"

namespace segmentation::pg {

void note_rule_change(Datum segments, TimestampTz at) {
  Identity caller = become(extension_owner());
  Arguments arguments;
  arguments.add(TIMESTAMPTZOID, TimestampTzGetDatum(at));
  arguments.add(INT4ARRAYOID, segments);
  execute("INSERT INTO segmentation.definition_change (segment_id, at) SELECT s, $1 FROM "
          "pg_catalog.unnest($2) AS s",
          arguments);
  execute("UPDATE segmentation.definition_version AS v SET shrunk = v.version");
  become_again(caller);
}

void write_counts(const int32 *segments, int count, const Difference &difference) {
  Datum *ids = static_cast<Datum *>(palloc(sizeof(Datum) * static_cast<Size>(count + 1)));
  SegmentCounts counts = {nullptr, 0, 0};
  for (int i = 0; i < count; ++i) {
    ids[i] = Int32GetDatum(segments[i]);
    add_count(&counts, segments[i], difference.total(static_cast<size_t>(i)));
  }
  clear_counts(make_array(ids, count, INT4OID));
  append_counts(&counts);
}

void mark_built(Datum segments) {
  Identity caller = become(extension_owner());
  Arguments arguments;
  arguments.add(INT4ARRAYOID, segments);
  execute("UPDATE segmentation.segment AS s SET built = v.version FROM segmentation.definition_version AS v "
          "WHERE s.id = ANY ($1)",
          arguments);
  become_again(caller);
}

} // namespace segmentation::pg
