// What rules may speak of: a snapshot of the bound tables and defined words, as plain values. Filled by the
// PostgreSQL side before each call; nothing here calls back.
#pragma once

#include "core/forecast/forecast.hpp"
#include "core/rule/tree.hpp"
#include "core/value/calendar.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace segmentation::core {

/// What a column holds. The SQL that reads it casts to one of PostgreSQL's types as noted.
enum class Kind : std::uint8_t {
  number,      // smallint, integer, bigint as they are; numeric; real and double precision as numeric
  text,        // text
  boolean,     // boolean
  day,         // date
  instant,     // timestamptz; a timestamp without zone is read AT TIME ZONE the shop's zone
  json,        // jsonb; used through its keys
  text_list,   // text[]
  number_list, // numeric[]
};

struct Column {
  std::string name;                   // as rules write it (a column's own name, or a computed column's)
  std::vector<std::string> old_names; // what rules may call it as well: it was called so before
  bool is_nameless = false;           // its name means another column: rules cannot name it
  std::string sql;                    // how SQL reads it after "alias.": a quoted identifier
  Kind kind = Kind::text;
  std::string sql_type;    // format_type() of the column, for messages and casts
  bool local_time = false; // instant from a timestamp without zone
  bool needs_cast =
      false; // the column's own type is not the one noted at its kind: SQL adds ::text, ::numeric, ...
  bool may_be_special = false; // numeric or float: NaN and infinities are possible and count as missing
  bool whole = false;          // number that can only be whole
  std::int32_t scale = -1;     // number with a declared scale
  std::uint64_t storage = 0;   // another number once the name stands for another column
  bool is_virtual = false;     // generated when it is read: no changed row tells it, so rules may not use it
};

enum class Role : std::uint8_t { customers, source, lookup, set };

/// A bound relation. Relations form a tree: every one but customers hangs on another one.
struct Relation {
  Role role = Role::source;
  std::string name; // as rules write it; also the alias in printed SQL
  std::string
      from_sql; // what stands in FROM: "shop"."orders", or a parenthesised SELECT with computed columns
  std::uint64_t storage = 0; // another number once the name stands for another physical relation
  int of = -1;               // index of the relation it hangs on; -1 for customers
  // The join: source, set: this.key = of.of_key (many of this for one of that).
  //           lookup:      of.key = this.lookup_key (one of this for many of that).
  int key = -1; // source, set: a column of this relation; lookup: a column of `of`; customers: its key column
  int of_key = -1;     // source, set: a column of `of`
  int lookup_key = -1; // lookup: a column of this relation
  int date = -1;  // source: its time, a column of this relation (or absent; a detail source has its parent's)
  int value = -1; // set: the column that holds the value; source of fields: that of the field; lookup that is
                  // a tree: that of the row's name
  int parent = -1;  // lookup that is a tree: the column that refers to lookup_key of the row above
  int tree = -1;    // set of the names of a tree's row and of all above it: that lookup. It hangs on the
                    // lookup, or where that stands behind a set of links, on what these are of
  int field = -1;   // source of fields: the column that holds the field's name
  int segment = -1; // the built-in source memberships: the column that holds the segment's name
  int hand = -1;    // what people say by hand: the column that holds the segment's id; rules cannot name this
  int standing = -1; // the same: the column that holds 1 for put in, -1 for kept out
  bool key_is_enforced =
      false; // source, set: a foreign key of the database sees to it that key is found in `of`
  std::vector<int>
      primary_key; // columns; empty where there is none (key of the order among rows of one instant)
  std::vector<Column> columns;
  std::string condition_text;            // as bound; empty for none
  std::shared_ptr<const Expr> condition; // parsed; rows that fail it do not exist for rules
};

/// A word that define_attribute gave: a value or a condition of the language.
struct DefinedAttribute {
  std::string name;
  std::shared_ptr<const Value> value; // one of the two
  std::shared_ptr<const Expr> condition;
};

/// A word that define_source gave: the rows of another source, with words of its own for their columns.
struct DefinedSource {
  struct Parameter {
    std::string name; // as rules write it inside MATCHES
    Name meaning;     // what it stands for, in the words of `of`
  };
  std::string name;
  std::string of; // a source, or another defined one
  std::vector<Parameter> parameters;
  std::shared_ptr<const Expr> condition; // in the words of `of`; rows that fail it are not there; null: all
};

/// A segment that rules may name in segments CONTAINS, and a group or tag that people keep by hand.
struct NamedSegment {
  enum class Form : std::uint8_t { rule, group, tag };
  std::int64_t id = 0;
  std::string name;                      // empty: one that cannot be named
  std::shared_ptr<const Expr> condition; // of a rule
  Form form = Form::rule;
  bool by_hand = false;    // of a rule: people may have put customers in, or keep them out, whatever it says
  std::int64_t spoken = 0; // the id by which people have: a draft's is that of its segment
};

struct Schema {
  std::string zone_name = "UTC"; // IANA name, for printed SQL
  Zone zone;
  std::vector<Relation> relations; // relations[0] is customers, where customers are bound; empty before
  std::vector<DefinedAttribute> attributes;
  std::vector<DefinedSource> sources;
  std::vector<NamedSegment> segments;
  std::vector<std::string> archived;     // names of segments that no rule can name
  std::optional<ForecastModel> forecast; // absent before it was fitted
};

} // namespace segmentation::core
