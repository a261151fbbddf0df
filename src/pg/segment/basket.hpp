// Rows that are in no table: what a caller says that a customer might buy, as rows of the bound tables' own
// types. Server's side.
#pragma once

#include "pg/live/live.hpp"

namespace segmentation::pg {

/// A column of a given row; `written` is what the caller called it.
struct GivenField {
  const char *column;
  const char *written;
  JsonbValue value;
};

struct GivenRow {
  const char *path; // where it stands in what was given
  GivenField *fields;
  int count;
  int room;
};

/// The rows given of a table, whichever of its bindings they were given as.
struct GivenTable {
  Oid relation;
  Oid type; // of its rows
  GivenRow *rows;
  int count;
  int room;
  Datum array; // of its rows, once converted
};

struct Basket {
  const Live *live;
  bool is_guest;
  Datum key; // the customer's, or one that nobody has
  GivenTable *tables;
  int table_count;
};

/// Reads what a caller gave: an object of arrays of rows, by the names of sources and sets. Keys that rows
/// below refer to are made where they are not given, and so are the customer's own where there is none.
/// Raises 22023 and 42703 for what is not known, and what a column's type does not read, with the place.
Basket read_basket(const Live *live, const Datum *customer, Jsonb *given);

/// Returns the rows given of a table; nullptr where there are none.
const GivenTable *given_of(const Basket &basket, Oid relation);

/// Makes rows of the table's type of all that was given of it. For basket.cpp.
void convert_rows(const Live *live, GivenTable *table);

} // namespace segmentation::pg
