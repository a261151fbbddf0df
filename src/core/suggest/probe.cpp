// Parses probes and looks for them in the tree.
#include "core/suggest/probe.hpp"

#include "core/meaning/scope.hpp"

namespace segmentation::core {

namespace {

struct Place {
  Standing standing;
  bool in_filter = false;
  bool known = true; // the source is one
};

class Finder {
public:
  Finder(const Meaning &meaning, std::uint32_t at) : meaning_(meaning), at_(at) {}

  std::optional<Finding> find(std::shared_ptr<const Rule> rule) {
    for (const Name &name : rule->show) {
      look_at(name, Finding::Spot::listed, {}, nullptr, nullptr);
    }
    for (const OrderColumn &column : rule->order_by) {
      look_at(column.name, Finding::Spot::listed, {}, nullptr, nullptr);
    }
    condition(rule->condition, {});
    if (found_) {
      found_->rule = std::move(rule);
    }
    return std::move(found_);
  }

private:
  void found(Finding::Spot spot, const Place &place, const Expr *test, const Value *value,
             const Name *name = nullptr) {
    if (!found_ && place.known) {
      found_ = Finding{spot, place.standing, place.in_filter, test, value, name, nullptr};
    }
  }

  void look_at(const Name &name, Finding::Spot spot, const Place &place, const Expr *test,
               const Value *value) {
    if (name.span.begin <= at_ && at_ < name.span.end) {
      found(spot, place, test, value, &name);
    }
  }

  void condition(const Expr &expr, const Place &place) {
    if (expr.kind >= Expr::Kind::compare && expr.op_span.begin == at_) {
      found(Finding::Spot::op, place, &expr, nullptr);
    }
    for (const Literal &literal : expr.literals) {
      if (literal.span.begin == at_) {
        found(Finding::Spot::constant, place, &expr, nullptr);
      }
    }
    value(expr.left, Finding::Spot::left, place, &expr);
    if (expr.right) {
      value(*expr.right, Finding::Spot::right, place, &expr);
    }
    Place inner = place;
    if (expr.kind == Expr::Kind::matches) {
      look_at(expr.source, Finding::Spot::left, place, &expr, nullptr);
      inner = inside(expr.source, place, false);
    }
    for (const Expr &child : expr.children) {
      condition(child, inner);
    }
  }

  void value(const Value &value, Finding::Spot spot, const Place &place, const Expr *test) {
    switch (value.kind) {
    case Value::Kind::name:
      look_at(value.name, spot, place, test, &value);
      break;
    case Value::Kind::aggregate:
      look_at(value.name, Finding::Spot::argument, place, test, &value);
      // One blank stands before the probe.
      if (value.has_matches && value.name.span.end + 1 == at_) {
        found(Finding::Spot::filter, place, test, &value);
      }
      if (value.filter) {
        condition(*value.filter, inside(value.name, place, true));
      }
      break;
    default:
      for (const Value &operand : value.operands) {
        this->value(operand, Finding::Spot::date, place, test);
      }
    }
  }

  /// The place within the MATCHES of a source, or of an aggregate over a source's column.
  Place inside(const Name &name, const Place &outside, bool aggregate) const {
    Place place = outside;
    place.in_filter = aggregate;
    if (outside.standing.in_row) {
      place.known = place.known && aggregate;
      return place;
    }
    const SourceName source = find_source(meaning_.schema, *meaning_.reach, name.parts);
    place.known = source.relation >= 0 && (aggregate || source.parts == name.parts.size());
    place.standing = {source.relation, true, source.defined};
    return place;
  }

  const Meaning &meaning_;
  std::uint32_t at_;
  std::optional<Finding> found_;
};

std::string joined(std::string_view head, std::string_view probe, std::string_view tail) {
  std::string text;
  text.reserve(head.size() + probe.size() + tail.size() + 1);
  text += head;
  text += ' ';
  text += probe;
  text += tail;
  return text;
}

} // namespace

std::optional<Finding> try_probe(std::string_view head, std::string_view probe, std::string_view tail,
                                 const Meaning &meaning, const Limits &limits) {
  Parsed<Rule> parsed = parse_rule(joined(head, probe, tail), limits);
  if (!parsed.value) {
    return std::nullopt;
  }
  Finder finder(meaning, static_cast<std::uint32_t>(head.size() + 1));
  return finder.find(std::make_shared<const Rule>(std::move(*parsed.value)));
}

bool parses(std::string_view head, std::string_view probe, std::string_view tail, const Limits &limits) {
  return parse_rule(joined(head, probe, tail), limits).value.has_value();
}

} // namespace segmentation::core
