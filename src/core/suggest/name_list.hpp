// The names found so far, of those that fit the cursor: what is typed of them, and what type is meant.
// Private to this folder.
#pragma once

#include "core/suggest/probe.hpp"
#include "core/suggest/suggest.hpp"

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace segmentation::core {

/// Appends the parts that a dotted name of a relation or attribute is written in.
void add_parts(std::vector<Name::Part> &parts, std::string_view name);

class NameList {
public:
  /// `typed` is the last part of the name at the cursor as far as it is there, without the quotes that it was
  /// begun in; `left` what the name is compared with, where it is. Each name gets `suffix`.
  NameList(const Finding &finding, std::string_view typed, bool quoted, const std::optional<Described> &left,
           std::string_view suffix);

  /// True where a value of the type may stand at the cursor.
  bool fits(ValueType type) const;
  /// True where the text begins with what is typed.
  bool begins(std::string_view text) const;

  /// Adds a name, of which what is typed takes the first parts. Those of which only a later part begins so
  /// come last. The same name is added once.
  void add(const std::vector<Name::Part> &parts, CompletionKind kind, std::string_view type,
           std::string_view suffix);
  /// The same for a value, where it fits.
  void add_value(const std::vector<Name::Part> &parts, CompletionKind kind, const Described &described);
  /// Adds a word of the language; in quotes it would be none.
  void add_word(std::string_view word, CompletionKind kind, std::string_view type = {},
                std::string_view suffix = {});

  /// The parts before the last dot.
  const std::vector<Name::Part> &qualifier() const { return qualifier_; }
  const std::string &typed() const { return typed_; }
  std::string_view suffix() const { return suffix_; }
  std::vector<Completion> take();

private:
  const Finding &finding_;
  std::string typed_;
  bool quoted_;
  const std::optional<Described> &left_;
  std::vector<Name::Part> qualifier_;
  std::string_view suffix_;
  std::vector<Completion> first_;
  std::vector<Completion> later_;
  std::unordered_set<std::string> seen_;
};

} // namespace segmentation::core
