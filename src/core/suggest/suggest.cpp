// Asks the parser what may stand at the cursor, and gathers what fits there.
#include "core/suggest/suggest.hpp"

#include "core/suggest/cursor.hpp"
#include "core/suggest/names.hpp"
#include "core/suggest/probe.hpp"
#include "core/suggest/values.hpp"
#include "core/value/fold_case.hpp"

namespace segmentation::core {

namespace {

using Spot = Finding::Spot;

class Suggester {
public:
  Suggester(Cursor cursor, const Meaning &meaning, const Limits &limits)
      : cursor_(std::move(cursor)), meaning_(meaning), limits_(limits) {
    out_.replace_from = cursor_.replace_from;
  }

  Suggestions take() {
    const bool quoted_text = cursor_.typed_as == Cursor::Typed::text;
    const bool quoted_name = cursor_.typed_as == Cursor::Typed::quoted_name;
    if (!quoted_text && condition_name()) {
      return std::move(out_);
    }
    bool known = !quoted_name && constants();
    known = (!quoted_text && other_name()) || known;
    if (quoted_text || quoted_name) {
      return std::move(out_);
    }
    for (const Cursor::Begun &begun : cursor_.begun) {
      const std::string_view head = std::string_view(cursor_.head).substr(0, begun.head_size);
      known = operators(head, begun.words).has_value() || known;
    }
    if (!known) {
      continuation();
    }
    return std::move(out_);
  }

private:
  std::optional<Finding> probe(std::string_view text) const { return probe(cursor_.head, text); }
  std::optional<Finding> probe(std::string_view head, std::string_view text) const {
    return try_probe(head, text, cursor_.tail, meaning_, limits_);
  }

  void names(const Finding &finding, bool older_spelling) {
    std::optional<Described> left;
    if (finding.spot == Spot::right) {
      left = describe_value(finding.test->left, finding.standing, meaning_);
    }
    add_names(out_, finding, cursor_.typed, cursor_.typed_as == Cursor::Typed::quoted_name, left,
              older_spelling, meaning_);
  }

  /// A name that begins a condition. True where one may stand here: nothing else may then.
  bool condition_name() {
    if (const auto found = probe("x = 1"); found && found->spot == Spot::left) {
      names(*found, false);
      return true;
    }
    if (const auto found = probe("x: 1"); found && found->spot == Spot::left) {
      names(*found, true);
      return true;
    }
    return false;
  }

  /// A name elsewhere: compared with, in a call, in SHOW or ORDER BY. True where one may stand here.
  bool other_name() {
    for (const std::string_view text : {"x", "x WHERE x = 1"}) {
      const auto found = probe(text);
      if (found && found->name != nullptr && found->spot != Spot::left) {
        names(*found, false);
        return true;
      }
    }
    return false;
  }

  /// True where a constant may stand here.
  bool constants() {
    for (const std::string_view text : {"'x'", "'x' AND 'x'"}) {
      const auto found = probe(text);
      if (!found || found->spot != Spot::constant) {
        continue;
      }
      if (const auto left = describe_value(found->test->left, found->standing, meaning_)) {
        add_values(out_, *left, cursor_.typed, meaning_);
      }
      return true;
    }
    return false;
  }

  static bool begins(std::string_view text, std::string_view typed) {
    return fold_case(text).starts_with(fold_case(typed));
  }

  void add(std::string_view text, CompletionKind kind = CompletionKind::keyword) {
    if (begins(text, cursor_.typed)) {
      out_.completions.push_back({std::string(text), kind, {}});
    }
  }

  /// Adds the operators behind `head` that begin with `words` and go on as typed. Returns the type of what
  /// they test, `rows` where that is unknown; nothing where no operator may stand.
  std::optional<ValueType> operators(std::string_view head, std::string_view words) {
    const std::optional<Finding> found = probe(head, "= 1");
    if (!found || found->spot != Spot::op) {
      return std::nullopt;
    }
    const auto left = describe_value(found->test->left, found->standing, meaning_);
    if (!left) {
      return ValueType::rows;
    }
    for (const Operator &op : operators_of(*left)) {
      if (!op.words.starts_with(words)) {
        continue;
      }
      const std::string_view rest = op.words.substr(words.size());
      if (begins(rest, cursor_.typed)) {
        out_.completions.push_back(
            {std::string(rest) + (op.parenthesis ? " (" : ""), CompletionKind::op, {}});
      }
    }
    return left->type;
  }

  /// What goes on behind something whole: an operator, AND, a comma, a closing parenthesis.
  void continuation() {
    // A name alone is a condition only where it is a boolean.
    const std::optional<ValueType> alone = operators(cursor_.head, {});
    if (alone && *alone != ValueType::boolean && *alone != ValueType::json) {
      return;
    }
    if (const auto found = probe("MATCHES ()"); found && found->spot == Spot::filter) {
      add("MATCHES (", CompletionKind::op);
    }
    if (const auto found = probe("AND 1"); found || parses(cursor_.head, "AND 1", cursor_.tail, limits_)) {
      add("AND");
      return;
    }
    switch (cursor_.opening) {
    case Opening::none:
      for (const std::string_view text : {"WHERE x = 1", "SHOW x WHERE x = 1"}) {
        if (!cursor_.head.empty() && parses(cursor_.head, text, {}, limits_)) {
          add(text.substr(0, text.find(' ')));
        }
      }
      [[fallthrough]];
    case Opening::group:
    case Opening::rows:
      if (parses(cursor_.head, "AND x = 1", cursor_.tail, limits_)) {
        add("AND");
        add("OR");
        if (cursor_.opening == Opening::rows) {
          add(",");
        }
        close();
      }
      return;
    case Opening::older:
      if (parses(cursor_.head, ", x: 1", cursor_.tail, limits_)) {
        add(",");
        close();
      }
      return;
    case Opening::list:
      if (parses(cursor_.head, ", 'x'", cursor_.tail, limits_)) {
        add(",");
        close();
      }
      return;
    case Opening::call:
      if (parses(cursor_.head, "", cursor_.tail, limits_)) {
        close();
      }
      return;
    }
  }

  void close() {
    if (cursor_.opening != Opening::none) {
      add(")");
    }
  }

  Cursor cursor_;
  const Meaning &meaning_;
  const Limits &limits_;
  Suggestions out_;
};

} // namespace

std::string_view kind_words(CompletionKind kind) noexcept {
  switch (kind) {
  case CompletionKind::attribute:
    return "attribute";
  case CompletionKind::column:
    return "column";
  case CompletionKind::lookup_column:
    return "lookup column";
  case CompletionKind::set:
    return "set";
  case CompletionKind::source:
    return "source";
  case CompletionKind::function:
    return "function";
  case CompletionKind::op:
    return "operator";
  case CompletionKind::value:
    return "value";
  case CompletionKind::keyword:
    return "keyword";
  }
  return {};
}

Suggestions suggest(std::string_view prefix, const Meaning &meaning, const Limits &limits) {
  if (meaning.schema.relations.empty()) {
    return {};
  }
  std::optional<Cursor> cursor = find_cursor(prefix, limits);
  return cursor ? Suggester(std::move(*cursor), meaning, limits).take() : Suggestions();
}

} // namespace segmentation::core
