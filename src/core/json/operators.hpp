// The words of the JSON form: operators as view attributes lists them, and functions.
#pragma once

#include "core/rule/tree.hpp"

#include <array>
#include <string_view>

namespace segmentation::core::rule_json {

/// What stands beside an operator.
enum class Operands : std::uint8_t {
  conditions, // "conditions"
  condition,  // "condition"
  value,      // "left", and "right": a constant or a value
  constant,   // "left", and "right": a constant
  two,        // "left", and "right": two constants
  list,       // "left", and "right": constants
  none,       // "left"
  source,     // "source", and perhaps "where"
  call,       // "function", "arguments" and "is"
};

struct Operator {
  std::string_view name;
  Operands operands;
  Expr::Kind kind;
  bool negated = false;
  CompareOp compare = CompareOp::eq;
  Expr::Quantifier quantifier = Expr::Quantifier::one;
};

using Kind = Expr::Kind;
using Quantifier = Expr::Quantifier;

inline constexpr std::array operators = {
    Operator{"AND", Operands::conditions, Kind::all},
    Operator{"OR", Operands::conditions, Kind::any},
    Operator{"NOT", Operands::condition, Kind::negation},
    Operator{"=", Operands::value, Kind::compare, false, CompareOp::eq},
    Operator{"!=", Operands::value, Kind::compare, false, CompareOp::ne},
    Operator{"<", Operands::value, Kind::compare, false, CompareOp::lt},
    Operator{"<=", Operands::value, Kind::compare, false, CompareOp::le},
    Operator{">", Operands::value, Kind::compare, false, CompareOp::gt},
    Operator{">=", Operands::value, Kind::compare, false, CompareOp::ge},
    Operator{"BETWEEN", Operands::two, Kind::between},
    Operator{"NOT BETWEEN", Operands::two, Kind::between, true},
    Operator{"IN", Operands::list, Kind::in},
    Operator{"NOT IN", Operands::list, Kind::in, true},
    Operator{"STARTS WITH", Operands::constant, Kind::starts_with},
    Operator{"NOT STARTS WITH", Operands::constant, Kind::starts_with, true},
    Operator{"ENDS WITH", Operands::constant, Kind::ends_with},
    Operator{"NOT ENDS WITH", Operands::constant, Kind::ends_with, true},
    Operator{"CONTAINS", Operands::constant, Kind::contains},
    Operator{"NOT CONTAINS", Operands::constant, Kind::contains, true},
    Operator{"CONTAINS ANY", Operands::list, Kind::contains, false, CompareOp::eq, Quantifier::any},
    Operator{"NOT CONTAINS ANY", Operands::list, Kind::contains, true, CompareOp::eq, Quantifier::any},
    Operator{"CONTAINS ALL", Operands::list, Kind::contains, false, CompareOp::eq, Quantifier::all},
    Operator{"NOT CONTAINS ALL", Operands::list, Kind::contains, true, CompareOp::eq, Quantifier::all},
    Operator{"IS NULL", Operands::none, Kind::is_null},
    Operator{"IS NOT NULL", Operands::none, Kind::is_null, true},
    Operator{"IS TRUE", Operands::none, Kind::truth},
    Operator{"MATCHES", Operands::source, Kind::matches},
    Operator{"NOT MATCHES", Operands::source, Kind::matches, true},
    Operator{"CALL", Operands::call, Kind::function},
};

/// In the order of AggregateFn.
inline constexpr std::array<std::string_view, 9> aggregates = {"count", "sum",  "avg",  "min", "max",
                                                               "first", "last", "mode", "list"};

} // namespace segmentation::core::rule_json
