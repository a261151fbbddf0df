// Compares names with what is typed of one, and prints those that go on as typed.
#include "core/suggest/name_list.hpp"

#include "core/meaning/scope.hpp"
#include "core/rule/printer.hpp"
#include "core/value/fold_case.hpp"

#include <algorithm>

namespace segmentation::core {

namespace {

bool is_list(ValueType type) {
  return type == ValueType::text_list || type == ValueType::number_list || type == ValueType::segments;
}

/// What may stand bare behind a dot may not at the beginning of a name.
std::string print_part(const Name::Part &part, bool first) {
  Name name;
  if (!first) {
    name.parts.push_back({"x", false});
  }
  name.parts.push_back(part);
  return print_name(name).substr(first ? 0 : 2);
}

} // namespace

void add_parts(std::vector<Name::Part> &parts, std::string_view name) {
  const std::size_t before = parts.size();
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    if (end == begin) { // A part cannot be empty: the name stands in quotes as a whole.
      parts.resize(before);
      parts.push_back({std::string(name), true});
      return;
    }
    parts.push_back({std::string(name.substr(begin, end - begin)), true});
    begin = end + 1;
  }
}

NameList::NameList(const Finding &finding, std::string_view typed, bool quoted,
                   const std::optional<Described> &left, std::string_view suffix)
    : finding_(finding), typed_(fold_case(typed)), quoted_(quoted), left_(left),
      qualifier_(finding.name->parts.begin(), finding.name->parts.end() - 1), suffix_(suffix) {
}

bool NameList::fits(ValueType type) const {
  switch (finding_.spot) {
  case Finding::Spot::right:
    return left_ && (type == left_->type || left_->type == ValueType::json) && !is_list(type) &&
           type != ValueType::anniversary;
  case Finding::Spot::date:
    return type == ValueType::date || type == ValueType::json;
  case Finding::Spot::argument:
    switch (finding_.value->fn) {
    case AggregateFn::sum:
    case AggregateFn::avg:
      return type == ValueType::number || type == ValueType::json;
    case AggregateFn::min:
    case AggregateFn::max:
      return type == ValueType::number || type == ValueType::date || type == ValueType::json;
    case AggregateFn::list:
      return type == ValueType::text || type == ValueType::number || type == ValueType::json || is_list(type);
    default:
      return !is_list(type);
    }
  default:
    return true;
  }
}

bool NameList::begins(std::string_view text) const {
  return typed_.empty() || fold_case(text).starts_with(typed_);
}

void NameList::add(const std::vector<Name::Part> &parts, CompletionKind kind, std::string_view type,
                   std::string_view suffix) {
  if (parts.size() <= qualifier_.size()) {
    return;
  }
  for (std::size_t i = 0; i < qualifier_.size(); ++i) {
    if (!same_name(qualifier_[i], parts[i].text)) {
      return;
    }
  }
  const auto rest = parts.begin() + static_cast<std::ptrdiff_t>(qualifier_.size());
  const bool first = begins(rest->text);
  if (!first &&
      std::none_of(rest + 1, parts.end(), [&](const Name::Part &part) { return begins(part.text); })) {
    return;
  }
  std::string text = print_part(*rest, qualifier_.empty());
  if (quoted_ && text.front() != '"') {
    text = '"' + text + '"';
  }
  for (auto part = rest + 1; part != parts.end(); ++part) {
    text += '.' + print_part(*part, false);
  }
  if (!seen_.insert(text).second) {
    return;
  }
  text += suffix;
  (first ? first_ : later_).push_back({std::move(text), kind, type});
}

void NameList::add_value(const std::vector<Name::Part> &parts, CompletionKind kind,
                         const Described &described) {
  if (fits(described.type)) {
    add(parts, kind, type_words(described.type), suffix_);
  }
}

void NameList::add_word(std::string_view word, CompletionKind kind, std::string_view type,
                        std::string_view suffix) {
  if (!quoted_ && qualifier_.empty() && begins(word) && seen_.insert(std::string(word)).second) {
    first_.push_back({std::string(word) + std::string(suffix), kind, type});
  }
}

std::vector<Completion> NameList::take() {
  std::move(later_.begin(), later_.end(), std::back_inserter(first_));
  return std::move(first_);
}

} // namespace segmentation::core
