// Walks the conditions on the customer. What stands inside MATCHES is about rows, whose `segments` would be a
// column of theirs.
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

class Renamer {
public:
  explicit Renamer(const SegmentRenaming &renaming)
      : renaming_(renaming), old_name_(fold_case(renaming.old_name)) {}

  void visit(const Expr &expr) {
    switch (expr.kind) {
    case Expr::Kind::all:
    case Expr::Kind::any:
    case Expr::Kind::negation:
      for (const Expr &child : expr.children) {
        visit(child);
      }
      return;
    case Expr::Kind::contains:
      if (expr.left.kind == Value::Kind::name && names_segments(expr.left.name, renaming_.lists)) {
        for (const Literal &literal : expr.literals) {
          take(literal);
        }
      }
      return;
    default:
      return;
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
  void take(const Literal &literal) {
    if (literal.kind == Literal::Kind::text && fold_case(literal.text) == old_name_) {
      places_.push_back(literal.span);
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
  // A value holds conditions on rows only.
  if (const auto parsed = parse_attribute(text); parsed.value && parsed.value->condition) {
    renamer.visit(*parsed.value->condition);
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
  return value.kind == Value::Kind::name && names_segments(value.name, lists);
}

} // namespace segmentation::core
