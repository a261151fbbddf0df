// What is bound and defined, as read from the catalogs: plain structs in a memory context, no C++ object and
// no server type among them. The server's side fills them in, the C++ side makes a core::Schema of them.
#pragma once

#include "core/meaning/schema.hpp"

#include <cstdint>

namespace segmentation::pg {

struct ColumnInput {
  const char *name;         // the column's own, or a computed column's
  const char *const *words; // what rules call it, the first before all others; none: they cannot
  int word_count;
  bool is_computed;
  std::int16_t number; // of the table's column; 0 for computed ones
  const char *sql;
  const char *sql_type;
  core::Kind kind;
  bool local_time;
  bool needs_cast;
  bool may_be_special;
  bool whole;
  std::int32_t scale;
  std::uint64_t storage; // another number once the name stands for another column, or was changed in between
  bool is_virtual;       // generated when it is read
};

struct RelationInput {
  std::int32_t id;   // of the binding; 0 for what is built in
  unsigned relation; // Oid
  core::Role role;
  const char *name;
  const char *from_sql;
  const char *rows_sql; // the same over rows in $1, an array of the relation's own type; nullptr without
                        // computed columns
  int of;
  int key;
  int of_key;
  int lookup_key;
  int date;
  int value;
  int parent;
  int tree; // of a set that is made of a lookup: that lookup, with whose id it goes; else -1
  int field;
  int segment;
  int hand;
  int standing;
  const int *primary_key;
  int primary_key_count;
  ColumnInput *columns;
  int column_count;
  const char *condition; // or nullptr
  bool key_is_enforced;
  bool in_computed;      // a lookup that computed columns above it read
  std::uint64_t storage; // of the physical relation: another number where its rows were written anew
};

struct AttributeInput {
  const char *name;
  const char *expression;
};

struct ParameterInput {
  const char *name;
  const char *meaning;
};

struct SourceInput {
  const char *name;
  const char *of;
  ParameterInput *parameters;
  int parameter_count;
  const char *condition; // or nullptr
};

struct SegmentInput {
  std::int32_t id;
  const char *name;
  core::NamedSegment::Form form;
  const char *source;  // the rule as typed; nullptr: a group or tag
  bool by_hand;        // people may have put customers in, or keep them out, whatever the rule says
  std::int32_t spoken; // the id by which they have
  std::int64_t built;  // the version at which everyone's members were last written
  bool is_draft;       // the next rule of the segment of that name, which no other rule can name yet
};

/// A segment whose rule is in no program: it has a history and no members.
struct ArchivedInput {
  std::int32_t id;
  const char *name;
  bool by_hand;
};

struct ZoneInput {
  const char *name;
  std::int32_t initial_offset;
  const core::Zone::Change *changes;
  int change_count;
  bool repeats;
};

struct SchemaInput {
  std::int64_t version; // of all definitions
  std::int64_t shrunk;  // the version at which rules may last have ceased to read something
  std::uint64_t stamp;  // what is kept of customers under another is of another database, or was restored
  bool is_restored;     // definitions came from a dump
  bool keeps_changes;   // whoever writes members notes it for segmentation.changes
  ZoneInput zone;
  RelationInput *relations;
  int relation_count;
  AttributeInput *attributes;
  int attribute_count;
  SourceInput *sources;
  int source_count;
  SegmentInput *segments;
  int segment_count;
  ArchivedInput *archived;
  int archived_count;
  const char *forecast; // the printed model of forecasts; nullptr before there is one
};

} // namespace segmentation::pg
