// Settles the names of SHOW and ORDER BY one by one, so that a wrong one costs nobody but itself.
#include "core/program/view.hpp"

#include "core/program/sql_printer.hpp"
#include "core/program/sql_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace segmentation::core {

namespace {

/// Returns a name as a column is called: its parts with dots between them.
std::string column_name(const Name &name) {
  return sql::fit_identifier(dotted(name.parts));
}

bool contains(const std::vector<std::string> &names, const std::string &name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Returns the value, or notes why it is left out.
std::optional<CheckedValue> settle(const Name &name, const char *clause, const Meaning &meaning,
                                   ViewSettings &settings) {
  CheckedName checked = check_name(name, meaning);
  if (!checked.value) {
    settings.left_out.push_back(
        {fmt::format("\"{}\" of {}: {}", column_name(name), clause, checked.mistake.message),
         std::move(checked.mistake.hint)});
  }
  return std::move(checked.value);
}

bool is_key(const CheckedValue &value, const Relation &customers) {
  return value.form == CheckedValue::Form::scalar && value.scalar.form == Scalar::Form::column &&
         value.scalar.column == ColumnRef{0, customers.key, {}};
}

/// Puts the customers' key first, under a name that nothing else has.
void add_key(const Relation &customers, std::vector<CheckedValue> &shown, ViewSettings &settings) {
  const Column &column = customers.columns[static_cast<std::size_t>(customers.key)];
  std::string name = sql::fit_identifier(column.name);
  for (int number = 1; contains(settings.names, name); ++number) {
    name = number == 1 ? "customer_key" : fmt::format("customer_key_{}", number);
  }
  CheckedValue key;
  key.scalar.type = column.kind;
  key.scalar.column = {0, customers.key, {}};
  settings.names.insert(settings.names.begin(), std::move(name));
  shown.insert(shown.begin(), std::move(key));
}

} // namespace

std::optional<ViewSettings> check_view(const Rule &rule, const Meaning &meaning, const std::string &members) {
  if ((rule.show.empty() && rule.order_by.empty() && !rule.limit) || meaning.schema.relations.empty()) {
    return std::nullopt;
  }
  ViewSettings settings;
  settings.limit = rule.limit;
  const Relation &customers = meaning.schema.relations.front();
  std::vector<CheckedValue> shown;
  std::vector<std::string> seen;
  for (const Name &name : rule.show) {
    std::string column = column_name(name);
    if (contains(seen, column)) {
      continue;
    }
    seen.push_back(column);
    if (std::optional<CheckedValue> value = settle(name, "SHOW", meaning, settings)) {
      settings.names.push_back(std::move(column));
      shown.push_back(std::move(*value));
    }
  }
  if (!rule.show.empty() &&
      std::none_of(shown.begin(), shown.end(), [&](const auto &value) { return is_key(value, customers); })) {
    add_key(customers, shown, settings);
  }
  std::vector<CheckedValue> order;
  for (const OrderColumn &column : rule.order_by) {
    if (std::optional<CheckedValue> value = settle(column.name, "ORDER BY", meaning, settings)) {
      order.push_back(std::move(*value));
      settings.descending.push_back(column.descending);
    }
  }
  settings.query = print_values(shown, order, meaning, {{}, members});
  return settings;
}

} // namespace segmentation::core
