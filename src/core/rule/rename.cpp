// Walks the conditions on the customer. What stands inside MATCHES is about rows, whose `segments` would be a
// column of theirs; rows of memberships bear a segment's name in a column.
#include "core/rule/rename.hpp"

#include "core/rule/parser.hpp"
#include "core/rule/printer.hpp"
#include "core/value/fold_case.hpp"

#include <algorithm>
#include <vector>

namespace segmentation::core {

namespace {

/// True where a name of the customer means the list of segments, by the checker's rules for names.
bool names_segments(const Name &name, std::span<const std::string> lists) {
  std::span<const Name::Part> parts = name.parts;
  if (parts.size() > 1 && fold_case(parts.front().text) == "customers") { // the parser has dropped customer.
    parts = parts.subspan(1);
  }
  if (parts.size() == 1 && !parts[0].quoted && parts[0].text == "segments") {
    return true;
  }
  const std::string whole = fold_case(dotted(parts));
  return std::any_of(lists.begin(), lists.end(),
                     [&](const std::string &list) { return fold_case(list) == whole; });
}

/// True where a name begins with the source memberships.
bool begins_with_memberships(std::span<const Name::Part> parts) {
  return !parts.empty() && fold_case(parts.front().text) == "memberships";
}

/// True where a name of a row of memberships means its segment.
bool is_segment_column(std::span<const Name::Part> parts) {
  if (parts.size() > 1 && begins_with_memberships(parts)) {
    parts = parts.subspan(1);
  }
  return parts.size() == 1 && fold_case(parts.front().text) == "segment";
}

/// True for a value of the customer that is the name of a segment: the one that first, last or mode pick.
bool picks_segment(const Value &value) {
  const bool picks =
      value.fn == AggregateFn::first || value.fn == AggregateFn::last || value.fn == AggregateFn::mode;
  return value.kind == Value::Kind::aggregate && picks && value.name.parts.size() > 1 &&
         begins_with_memberships(value.name.parts) && is_segment_column(value.name.parts);
}

class Renamer {
public:
  explicit Renamer(const SegmentRenaming &renaming)
      : renaming_(renaming), old_name_(fold_case(renaming.old_name)) {}

  /// A condition on the customer, or on rows of memberships.
  void visit(const Expr &expr, bool in_row = false) {
    switch (expr.kind) {
    case Expr::Kind::all:
    case Expr::Kind::any:
    case Expr::Kind::negation:
      for (const Expr &child : expr.children) {
        visit(child, in_row);
      }
      return;
    case Expr::Kind::matches:
      if (!in_row && expr.source.parts.size() == 1 && begins_with_memberships(expr.source.parts)) {
        for (const Expr &child : expr.children) {
          visit(child, true);
        }
      }
      return;
    case Expr::Kind::contains:
      if (!in_row && expr.left.kind == Value::Kind::name && names_segments(expr.left.name, renaming_.lists)) {
        take(expr.literals);
      }
      break;
    case Expr::Kind::compare:
    case Expr::Kind::in:
      if (in_row ? is_segment_of_row(expr.left) : is_segment(expr.left)) {
        take(expr.literals);
      }
      break;
    default:
      break;
    }
    visit(expr.left, in_row);
    if (expr.right) {
      visit(*expr.right, in_row);
    }
  }

  /// A value of the customer, or of the rows of memberships: the filters of its aggregates.
  void visit(const Value &value, bool in_row = false) {
    if (value.filter && (in_row || begins_with_memberships(value.name.parts))) {
      visit(*value.filter, true);
    }
    for (const Value &operand : value.operands) {
      visit(operand, in_row);
    }
  }

  std::string apply(std::string_view text) {
    std::sort(places_.begin(), places_.end(), [](Span a, Span b) { return a.begin < b.begin; });
    const std::string name = quote_text(renaming_.new_name);
    std::string out;
    std::size_t at = 0;
    for (const Span place : places_) {
      out += text.substr(at, place.begin - at);
      out += name;
      at = place.end;
    }
    return out.append(text.substr(at));
  }

private:
  bool is_segment(const Value &value) const {
    return picks_segment(value) ||
           (value.kind == Value::Kind::name && names_segments(value.name, renaming_.lists));
  }
  static bool is_segment_of_row(const Value &value) {
    return (value.kind == Value::Kind::name || value.kind == Value::Kind::aggregate) &&
           is_segment_column(value.name.parts);
  }

  void take(const std::vector<Literal> &literals) {
    for (const Literal &literal : literals) {
      if (literal.kind == Literal::Kind::text && fold_case(literal.text) == old_name_) {
        places_.push_back(literal.span);
      }
    }
  }

  const SegmentRenaming &renaming_;
  std::string old_name_;
  std::vector<Span> places_;
};

} // namespace

std::string rename_in_rule(std::string_view text, const SegmentRenaming &renaming) {
  Renamer renamer(renaming);
  if (const auto parsed = parse_rule(text); parsed.value) {
    renamer.visit(parsed.value->condition);
  }
  return renamer.apply(text);
}

std::string rename_in_attribute(std::string_view text, const SegmentRenaming &renaming) {
  Renamer renamer(renaming);
  if (const auto parsed = parse_attribute(text); parsed.value) {
    if (parsed.value->condition) {
      renamer.visit(*parsed.value->condition);
    }
    if (parsed.value->value) {
      renamer.visit(*parsed.value->value);
    }
  }
  return renamer.apply(text);
}

bool is_segment_list(std::string_view expression, std::span<const std::string> lists) {
  const auto parsed = parse_attribute(expression);
  if (!parsed.value) {
    return false;
  }
  // A lone name may have been read as a condition: a boolean attribute.
  if (parsed.value->condition) {
    const Expr &condition = *parsed.value->condition;
    return condition.kind == Expr::Kind::truth && condition.left.kind == Value::Kind::name &&
           names_segments(condition.left.name, lists);
  }
  const Value &value = *parsed.value->value;
  return picks_segment(value) || (value.kind == Value::Kind::name && names_segments(value.name, lists));
}

} // namespace segmentation::core
