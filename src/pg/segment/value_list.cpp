// Settles the names one by one. C++ side: never calls the server.
#include "pg/segment/value_list.hpp"

#include "core/program/sql_printer.hpp"
#include "core/rule/parser.hpp"

#include <memory>

namespace segmentation::pg {

ValueList *ValueList::make(const LiveCore &live, GivenNames shown, GivenNames ordered, const char *members,
                           bool strict, Failure &failure) {
  auto list = std::make_unique<ValueList>();
  const core::Meaning &meaning = *live.meaning();
  std::vector<core::CheckedValue> values, order;
  for (int i = 0; i < shown.count; ++i) {
    const core::Parsed<core::Name> name = core::read_name(shown.names[i], false);
    core::CheckedName checked;
    if (name.value)
      checked = core::check_name(*name.value, meaning);
    else
      checked.mistake = name.diagnostics.front();
    if (checked.value) {
      list->shown_.push_back(i + 1);
      list->called_.push_back(core::dotted(name.value->parts));
      values.push_back(std::move(*checked.value));
    } else if (strict) {
      fail(failure, core::sqlstate_code(checked.mistake.state), checked.mistake.message,
           checked.mistake.hint);
      return nullptr;
    }
  }
  for (int i = 0; i < ordered.count; ++i) {
    const core::Parsed<core::Name> name = core::read_name(ordered.names[i], false);
    if (!name.value)
      continue;
    if (core::CheckedName checked = core::check_name(*name.value, meaning); checked.value) {
      list->ordered_.push_back(i + 1);
      order.push_back(std::move(*checked.value));
    }
  }
  core::ValueOptions options;
  options.only_customers = true;
  options.json_keys = true;
  list->query_of_all_ = core::print_values(values, order, meaning, options);
  options.only = members;
  list->query_ = core::print_values(values, order, meaning, options);
  return list.release();
}

} // namespace segmentation::pg
