// A rule as parsed: what was written, before anyone asked what the names mean.
#pragma once

#include "core/rule/date_form.hpp"
#include "core/rule/diagnostic.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace segmentation::core {

/// A dotted name. Plain parts are stored in lower case; parts in double quotes as they are, with `quoted`
/// set.
struct Name {
  struct Part {
    std::string text;
    bool quoted = false;
    friend bool operator==(const Part &, const Part &) = default;
  };
  std::vector<Part> parts;
  Span span;
  std::string written; // a lone plain part as typed, where that differs in case: for messages only
};

/// A constant as written. Quoted dates are text here; the type checker reads them again where a date is
/// meant.
struct Literal {
  enum class Kind : std::uint8_t { number, text, boolean, date, coordinates };
  Kind kind = Kind::number;
  Span span;
  std::string text; // number: canonical decimal digits ("-3.5"); text: its contents, unescaped
  bool boolean = false;
  DateForm date;
  std::string latitude, longitude; // coordinates, canonical decimals
};

enum class CompareOp : std::uint8_t { eq, ne, lt, le, gt, ge };
enum class AggregateFn : std::uint8_t { count, sum, avg, min, max, first, last, mode, list };

struct Expr;

/// Something that has a value for a customer (or, inside MATCHES, for a row).
struct Value {
  enum class Kind : std::uint8_t {
    name,        // attribute or column; inside MATCHES also count, sum_total, months, ...
    aggregate,   // fn([DISTINCT] name [MATCHES (filter)]); name is source, source.column, or inside MATCHES a
                 // column
    anniversary, // anniversary(operands[0]); Shopify's quoted argument is parsed into a name too
    age,         // age(operands[0])
    arithmetic,  // operands[0] op operands[1]; only in the expression of a defined attribute
    literal,     // only in the expression of a defined attribute and as the right side of arithmetic
  };
  Kind kind = Kind::name;
  Span span;
  Name name;
  AggregateFn fn = AggregateFn::count;
  bool distinct = false;
  std::unique_ptr<Expr> filter; // aggregate: what MATCHES holds; null where there is none
  bool has_matches = false;     // aggregate: MATCHES () was written, perhaps empty
  char op = 0;                  // + - * /
  std::vector<Value> operands;
  Literal literal;
};

/// A condition. Which members are used follows from the kind.
struct Expr {
  enum class Kind : std::uint8_t {
    all,         // children joined by AND (or by comma inside MATCHES); at least two
    any,         // children joined by OR; at least two
    negation,    // NOT children[0]
    compare,     // left op (right | literals[0])
    between,     // left [NOT] BETWEEN literals[0] AND literals[1]
    in,          // left [NOT] IN (literals)
    contains,    // left [NOT] CONTAINS literals[0], or ANY / ALL (literals)
    starts_with, // left [NOT] STARTS WITH literals[0]
    ends_with,   // left [NOT] ENDS WITH literals[0]
    is_null,     // left IS [NOT] NULL; the left side may turn out to be a source
    truth,       // left, a boolean attribute on its own
    matches,     // source [NOT] MATCHES (children[0] or nothing); the older spelling is parsed into this
    function,    // a built-in test with named arguments: customer_within_distance(...) = true
    broken,      // could not be read, and told: only beside diagnostics, see Parsed
  };
  enum class Quantifier : std::uint8_t { one, any, all };
  struct Argument {
    Name name;
    std::vector<Literal> literals;
  };

  Kind kind = Kind::all;
  Span span;            // the whole condition
  Span op_span;         // its operator: where a type error points
  bool negated = false; // NOT BETWEEN, NOT IN, NOT CONTAINS, NOT STARTS/ENDS WITH, IS NOT NULL, NOT MATCHES
  CompareOp op = CompareOp::eq;
  Quantifier quantifier = Quantifier::one;
  Value left;
  std::unique_ptr<Value> right;
  std::vector<Literal> literals;
  std::vector<Expr> children;
  Name source;                     // matches, function
  std::vector<Argument> arguments; // function
};

/// A column of ORDER BY.
struct OrderColumn {
  Name name;
  bool descending = false;
};

/// A whole rule: the condition, and the view settings that FROM customers SHOW .. ORDER BY .. LIMIT carry.
struct Rule {
  Expr condition;
  std::vector<Name> show;
  std::vector<OrderColumn> order_by;
  std::optional<std::uint64_t> limit;
};

/// Returns the parts of a name with dots between them, without quotes.
std::string dotted(std::span<const Name::Part> parts);

/// Returns a deep copy.
Expr clone(const Expr &expr);
Value clone(const Value &value);

/// Returns the indexes of the conditions that compare a name which an earlier one of them compares already
/// (=, <, BETWEEN, IN ...). Commas inside MATCHES do not join such conditions; AND does.
std::vector<std::size_t> repeated_columns(const std::vector<Expr> &conditions);

} // namespace segmentation::core
