// The built-in test with named arguments: customer_within_distance(coordinates: (..), distance_km: ..).
#include "core/meaning/build.hpp"
#include "core/meaning/checking.hpp"
#include "core/rule/printer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace segmentation::core {

namespace {

constexpr const char *example =
    "Write customer_within_distance(coordinates: (45.42, -75.69), distance_km: 10) = true.";

// No two places are farther apart; beyond it a distance only has to stay a number.
constexpr std::int64_t most_kilometres = 100'000;

Decimal kilometres_of_mile() {
  return Decimal(millimetres_of_mile, 6);
}

Decimal within(const Decimal &low, const Decimal &number, const Decimal &high) {
  return number < low ? low : high < number ? high : number;
}

/// Returns the nearest double. What is too small for one is zero.
double nearest_double(const Decimal &number) {
  const std::string digits = number.to_string();
  double value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return read.ec == std::errc() ? value : 0;
}

/// Returns degrees as a position's are read: cut to their places.
std::optional<double> degrees(const std::string &digits, std::int64_t most) {
  const std::optional<Decimal> number = Decimal::parse(digits);
  if (!number || *number < Decimal(-most) || Decimal(most) < *number) {
    return std::nullopt;
  }
  const std::string text = number->to_string();
  const std::size_t point = text.find('.');
  const std::size_t kept = point == std::string::npos ? text.size() : point + 1 + degree_places;
  const std::optional<Decimal> cut = Decimal::parse(std::string_view(text).substr(0, kept));
  const std::optional<std::int64_t> units = cut ? cut->at_scale(degree_places) : std::nullopt;
  return units ? std::optional(degrees_of(*units)) : std::nullopt;
}

} // namespace

ConditionPtr Checker::function(const Expr &expr, const Context &context) {
  const std::string name = print_name(expr.source);
  if (name != "customer_within_distance") {
    report(SqlState::feature_not_supported, expr.source.span,
           fmt::format("there is no function {} in rules", name));
    return nullptr;
  }
  if (context.in_row()) {
    report(SqlState::syntax_error, expr.source.span,
           fmt::format("{} is about the customer and cannot stand in a condition on rows", name),
           "Test it beside MATCHES (...), joined by AND.");
    return nullptr;
  }
  const std::optional<Circle> found = circle(expr);
  const Span span = at(expr.span);
  auto made = build::node(Condition::Form::within_distance, span);
  const bool latitude = position(expr, "latitude", context, made->left);
  const bool longitude = position(expr, "longitude", context, made->right);
  if (!found || !latitude || !longitude) {
    return nullptr;
  }
  made->circle = *found;
  return build::negated_if(expr.negated, span, std::move(made));
}

std::optional<Circle> Checker::circle(const Expr &expr) {
  static const std::vector<std::string> known = {"coordinates", "distance_km", "distance_mi"};
  const Expr::Argument *given[] = {nullptr, nullptr, nullptr};
  bool right = true;
  for (const Expr::Argument &argument : expr.arguments) {
    const auto same = std::find_if(known.begin(), known.end(), [&](const std::string &one) {
      return argument.name.parts.size() == 1 && same_name(argument.name.parts[0], one);
    });
    if (same == known.end()) {
      const std::string written = print_name(argument.name);
      const std::string hint = full() ? std::string() : nearest_hint(written, known);
      report(SqlState::undefined_name, argument.name.span,
             fmt::format("customer_within_distance has no parameter \"{}\"", written),
             hint.empty() ? fmt::format("Its parameters are {}.", quoted_list(known, "and")) : hint);
      right = false;
      continue;
    }
    const Expr::Argument *&place = given[same - known.begin()];
    if (place != nullptr) {
      report(SqlState::syntax_error, argument.name.span, fmt::format("\"{}\" is given twice", *same));
      right = false;
    }
    place = &argument;
  }
  const Expr::Argument *coordinates = given[0];
  const Expr::Argument *distance = given[1] != nullptr ? given[1] : given[2];
  if (given[1] != nullptr && given[2] != nullptr) {
    report(SqlState::syntax_error, given[2]->name.span,
           "customer_within_distance takes one of distance_km and distance_mi, not both");
    right = false;
  }
  if (!right) {
    return std::nullopt; // what seems to be missing may be what is misspelt
  }
  if (coordinates == nullptr || distance == nullptr) {
    report(SqlState::syntax_error, expr.source.span,
           fmt::format("customer_within_distance needs {}",
                       coordinates != nullptr ? "distance_km or distance_mi"
                       : distance != nullptr  ? "coordinates"
                                              : "coordinates and a distance"),
           example);
    return std::nullopt;
  }
  Circle circle;
  circle.in_miles = distance == given[2];
  const std::optional<Decimal> kilometres = distance_literal(*distance, known[circle.in_miles ? 2 : 1]);
  if (coordinates->literals.size() != 1 || coordinates->literals[0].kind != Literal::Kind::coordinates) {
    report(SqlState::wrong_type, coordinates->name.span,
           "coordinates are a latitude and a longitude in degrees", example);
    return std::nullopt;
  }
  const Literal &centre = coordinates->literals[0];
  const std::optional<double> latitude = degrees(centre.latitude, most_latitude);
  const std::optional<double> longitude = degrees(centre.longitude, most_longitude);
  if (!latitude) {
    report(SqlState::out_of_range, centre.span,
           fmt::format("latitude {} is not between -90 and 90 degrees", centre.latitude),
           longitude ? std::string() : "The latitude comes first.");
  } else if (!longitude) {
    report(SqlState::out_of_range, centre.span,
           fmt::format("longitude {} is not between -180 and 180 degrees", centre.longitude));
  }
  if (!kilometres || !latitude || !longitude) {
    return std::nullopt;
  }
  circle.latitude = *latitude;
  circle.longitude = *longitude;
  circle.kilometres =
      nearest_double(within(Decimal(0), circle.in_miles ? *kilometres * kilometres_of_mile() : *kilometres,
                            Decimal(most_kilometres)));
  return circle;
}

std::optional<Decimal> Checker::distance_literal(const Expr::Argument &argument, const std::string &name) {
  if (argument.literals.size() != 1 || argument.literals[0].kind != Literal::Kind::number) {
    report(SqlState::wrong_type, argument.name.span, fmt::format("{} is one number", name), example);
    return std::nullopt;
  }
  const Literal &literal = argument.literals[0];
  std::optional<Decimal> number = Decimal::parse(literal.text);
  if (!number) {
    report(SqlState::limit_exceeded, literal.span, "the number is too large");
  } else if (number->sign() < 0) {
    report(SqlState::out_of_range, literal.span, fmt::format("{} {} is negative", name, literal.text));
    number.reset();
  }
  return number;
}

bool Checker::position(const Expr &expr, std::string_view attribute, const Context &context, Scalar &out) {
  constexpr const char *hint =
      "customer_within_distance reads the attributes latitude and longitude: give them "
      "with define_attribute('latitude', ...) and define_attribute('longitude', ...).";
  // As if the name stood where the function does.
  Value value;
  value.span = expr.source.span;
  value.name.span = expr.source.span;
  value.name.parts.push_back({std::string(attribute), false});
  const std::size_t before = diagnostics_.size();
  Operand operand = name_value(value.name, context);
  if (diagnostics_.size() == before + 1 && diagnostics_.back().state == SqlState::undefined_name) {
    diagnostics_.back().hint = hint;
  }
  if (operand.form == Operand::Form::broken) {
    return false;
  }
  if (operand.form == Operand::Form::scalar && operand.untyped &&
      !read_as(operand, Kind::number, value, expr.source.span)) {
    return false;
  }
  if (operand.form != Operand::Form::scalar || operand.scalar.type != Kind::number) {
    report(SqlState::wrong_type, expr.source.span,
           fmt::format("{} is {}, not a number of degrees", attribute,
                       operand.is_list()                            ? "a list"
                       : operand.form == Operand::Form::condition   ? "a condition"
                       : operand.form == Operand::Form::anniversary ? "a date"
                                                                    : kind_words(operand.scalar.type)),
           hint);
    return false;
  }
  out = std::move(operand.scalar);
  return true;
}

} // namespace segmentation::core
