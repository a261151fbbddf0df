// Goes through what can be reached from where the cursor stands, in the order in which people look for it.
#include "core/suggest/names.hpp"

#include "core/meaning/scope.hpp"
#include "core/rule/words.hpp"
#include "core/suggest/name_list.hpp"

#include <algorithm>
#include <array>

namespace segmentation::core {

namespace {

using Spot = Finding::Spot;

class Names {
public:
  Names(const Finding &finding, std::string_view typed, bool quoted, const std::optional<Described> &left,
        bool older_spelling, const Meaning &meaning)
      : finding_(finding), schema_(meaning.schema), reach_(*meaning.reach), meaning_(meaning), left_(left),
        older_spelling_(older_spelling), list_(finding, typed, quoted, left, older_spelling ? ":" : "") {}

  void fill(Suggestions &out) {
    const bool begins_test = finding_.spot == Spot::left && !older_spelling_;
    if (finding_.standing.in_row) {
      const bool of_rows = left_ && left_->all_rows;
      if (!of_rows) {
        parameters(finding_.standing, {});
        row_names(finding_.standing.root, {});
      }
      if (of_rows || begins_test) {
        measure_words();
      }
    } else {
      customer_names();
    }
    if (begins_test) {
      list_.add_word("NOT", CompletionKind::keyword);
    }
    std::vector<Completion> found = list_.take();
    std::move(found.begin(), found.end(), std::back_inserter(out.completions));
    if (std::optional<WantedValues> keys = wanted_keys()) {
      out.wanted = std::move(keys);
    }
  }

private:
  const Relation &relation(int index) const { return schema_.relations[static_cast<std::size_t>(index)]; }
  const Reach::From &from(int index) const { return reach_.from[static_cast<std::size_t>(index)]; }

  void columns(int index, const std::vector<Name::Part> &prefix, CompletionKind kind, bool in_row) {
    const Relation &bound = relation(index);
    for (std::size_t i = 0; i < bound.columns.size(); ++i) {
      if (bound.columns[i].is_virtual || bound.columns[i].is_nameless) {
        continue;
      }
      std::vector<Name::Part> parts = prefix;
      parts.push_back({bound.columns[i].name, true});
      list_.add_value(parts, kind, describe_column(schema_, index, static_cast<int>(i), in_row));
    }
  }

  void lookups(const std::vector<int> &indexes, const std::vector<Name::Part> &prefix, bool in_row) {
    for (const int index : indexes) {
      std::vector<Name::Part> parts = prefix;
      add_parts(parts, relation(index).name);
      columns(index, parts, CompletionKind::lookup_column, in_row);
    }
  }

  void sets(const std::vector<int> &indexes, bool in_row, const std::vector<Name::Part> &prefix = {}) {
    for (const int index : indexes) {
      if (const std::optional<Described> described = describe_set(schema_, index, in_row)) {
        std::vector<Name::Part> parts = prefix;
        add_parts(parts, relation(index).name);
        list_.add_value(parts, CompletionKind::set, *described);
      }
    }
  }

  /// The words that a defined source has of its own; they go before the columns.
  void parameters(const Standing &standing, const std::vector<Name::Part> &prefix) {
    for (const std::string &name : parameter_names(schema_, reach_, standing.defined)) {
      Value value;
      add_parts(value.name.parts, name);
      const std::optional<Described> described = describe_value(value, standing, meaning_);
      if (described && (!described->all_rows || finding_.spot == Spot::left)) {
        std::vector<Name::Part> parts = prefix;
        parts.insert(parts.end(), value.name.parts.begin(), value.name.parts.end());
        list_.add_value(parts, CompletionKind::column, *described);
      }
    }
  }

  /// Names of a row of `root`; behind `prefix` only what its relation leads to.
  void row_names(int root, const std::vector<Name::Part> &prefix) {
    if (date_column(schema_, reach_, root).relation >= 0 && prefix.empty() && list_.fits(ValueType::date)) {
      list_.add_word("date", CompletionKind::column, type_words(ValueType::date), list_.suffix());
    }
    columns(root, prefix, CompletionKind::column, true);
    if (prefix.empty() && !list_.qualifier().empty()) {
      std::vector<Name::Part> own;
      add_parts(own, relation(root).name);
      columns(root, own, CompletionKind::column, true);
    }
    lookups(from(root).lookups, prefix, true);
    if (!prefix.empty()) {
      if (finding_.spot == Spot::argument) {
        sets(from(root).sets, true, prefix);
      }
      return;
    }
    sets(from(root).sets, true);
    for (const int parent : from(root).parents) {
      parent_columns(root, parent);
      lookups(from(parent).lookups, {}, true);
      sets(from(parent).sets, true);
    }
  }

  /// Columns of a parent, bare where that means them and behind the parent's name elsewhere.
  void parent_columns(int root, int parent) {
    std::vector<Name::Part> named;
    add_parts(named, relation(parent).name);
    if (!list_.qualifier().empty()) {
      columns(parent, named, CompletionKind::column, true);
      return;
    }
    const Relation &bound = relation(parent);
    for (std::size_t i = 0; i < bound.columns.size(); ++i) {
      if (bound.columns[i].is_virtual || bound.columns[i].is_nameless) {
        continue;
      }
      const int column = static_cast<int>(i);
      std::vector<Name::Part> parts{{bound.columns[i].name, true}};
      if (list_.begins(bound.columns[i].name)) {
        const Resolved bare = resolve(schema_, reach_, root, parts);
        if (bare.what != Resolved::What::column || bare.column.relation != parent) {
          parts.insert(parts.begin(), named.begin(), named.end());
        }
      } else {
        parts.insert(parts.begin(), named.begin(), named.end());
      }
      list_.add_value(parts, CompletionKind::column, describe_column(schema_, parent, column, true));
    }
  }

  /// count, sum_total, months ...: what judges the rows of MATCHES together.
  void measure_words() {
    if (finding_.in_filter) {
      return;
    }
    const int root = finding_.standing.root;
    const std::string_view type = type_words(ValueType::number);
    list_.add_word("count", CompletionKind::function, type);
    if (date_column(schema_, reach_, root).relation >= 0) {
      for (const std::string_view word : {"days", "weeks", "months"}) {
        list_.add_word(word, CompletionKind::function, type);
      }
    }
    constexpr std::array<std::string_view, 5> prefixes = {"sum_", "avg_", "min_", "max_", "distinct_"};
    const std::vector<std::string> parameters = parameter_names(schema_, reach_, finding_.standing.defined);
    const Relation &source = relation(root);
    for (const std::string_view prefix : prefixes) {
      for (const std::string &name : parameters) {
        Value value;
        add_parts(value.name.parts, name);
        const std::optional<Described> described = describe_value(value, finding_.standing, meaning_);
        if (described && !described->all_rows) {
          measure_word(prefix, name, described->type);
        }
      }
      for (std::size_t i = 0; i < source.columns.size(); ++i) {
        const int column = static_cast<int>(i);
        if (!source.columns[i].is_virtual && !source.columns[i].is_nameless &&
            !is_key(root, column, prefix == "distinct_")) {
          measure_word(prefix, source.columns[i].name, describe_column(schema_, root, column, true).type);
        }
      }
    }
  }

  /// Adds sum_total and its like, where the fold takes a column of that type.
  void measure_word(std::string_view prefix, const std::string &column, ValueType type) {
    const bool distinct = prefix == "distinct_";
    const bool number = type == ValueType::number;
    const bool date = type == ValueType::date;
    const bool list = type == ValueType::text_list || type == ValueType::number_list;
    const bool takes = distinct ? !list : number || (date && (prefix == "min_" || prefix == "max_"));
    const ValueType of_word = date && !distinct ? ValueType::date : ValueType::number;
    // The word is no name of its own, so it cannot stand in quotes.
    if (takes && list_.fits(of_word) && syntax::is_plain_part(column, false)) {
      list_.add_word(std::string(prefix) + column, CompletionKind::function, type_words(of_word));
    }
  }

  /// True for columns whose sums say nothing. Different products are worth counting; different rows are not.
  bool is_key(int root, int column, bool distinct) const {
    const Relation &source = relation(root);
    const bool own = column == source.key || std::find(source.primary_key.begin(), source.primary_key.end(),
                                                       column) != source.primary_key.end();
    return own ||
           (!distinct &&
            std::any_of(schema_.relations.begin(), schema_.relations.end(), [&](const Relation &other) {
              return other.of == root && other.role == Role::lookup && other.key == column;
            }));
  }

  void customer_names() {
    const bool is_argument = finding_.spot == Spot::argument;
    if (is_argument) {
      if (finding_.value->fn == AggregateFn::count && !finding_.value->distinct) {
        list_.add_word("DISTINCT", CompletionKind::keyword);
      }
      sources(finding_.value->fn == AggregateFn::count && !finding_.value->distinct ? "" : ".");
      return;
    }
    attributes();
    columns(0, {}, CompletionKind::column, false);
    lookups(from(0).lookups, {}, false);
    sets(from(0).sets, false);
    forecasts();
    if (finding_.spot == Spot::listed) {
      return;
    }
    if (finding_.spot == Spot::left) {
      list_.add_word("segments", CompletionKind::set, type_words(ValueType::segments));
      kept_list("customer_groups", NamedSegment::Form::group);
      kept_list("customer_tags", NamedSegment::Form::tag);
      sources(" MATCHES (");
    }
    functions();
    if (finding_.spot == Spot::left && list_.fits(ValueType::boolean)) {
      list_.add_word("customer_within_distance(coordinates: (", CompletionKind::function,
                     type_words(ValueType::boolean));
    }
  }

  /// The list of groups, or of tags, where any is kept by hand.
  void kept_list(std::string_view word, NamedSegment::Form form) {
    if (std::any_of(schema_.segments.begin(), schema_.segments.end(),
                    [form](const NamedSegment &segment) { return segment.form == form; })) {
      list_.add_word(word, CompletionKind::set, type_words(ValueType::segments));
    }
  }

  void attributes() {
    const std::vector<std::optional<Described>> described = describe_attributes(meaning_);
    for (std::size_t i = 0; i < described.size(); ++i) {
      std::vector<Name::Part> parts;
      add_parts(parts, schema_.attributes[i].name);
      if (described[i]) {
        list_.add_value(parts, CompletionKind::attribute, *described[i]);
      }
    }
  }

  /// What the models say, where the shop has said what purchases are; a relation of that name has columns.
  void forecasts() {
    for (const ForecastColumn column : forecast_columns()) {
      const std::vector<Name::Part> parts = {{"forecasts", false}, {std::string(name_of(column)), false}};
      Value value;
      value.name.parts = parts;
      const std::optional<Described> described = describe_value(value, finding_.standing, meaning_);
      if (!described) {
        return;
      }
      list_.add_value(parts, CompletionKind::column, *described);
    }
  }

  void sources(std::string_view suffix) {
    for (std::size_t i = 1; i < schema_.relations.size(); ++i) {
      const Relation &bound = schema_.relations[i];
      const bool set = bound.role == Role::set && bound.of == 0;
      if ((bound.role == Role::source && bound.hand < 0) || (set && finding_.spot == Spot::argument)) {
        source(bound.name, {static_cast<int>(i), true}, suffix);
      }
    }
    for (std::size_t i = 0; i < schema_.sources.size(); ++i) {
      if (reach_.sources[i].relation >= 0) {
        source(schema_.sources[i].name, {reach_.sources[i].relation, true, static_cast<int>(i)}, suffix);
      }
    }
  }

  void source(std::string_view name, const Standing &standing, std::string_view suffix) {
    std::vector<Name::Part> parts;
    add_parts(parts, name);
    parts.front().quoted = relation(standing.root).segment < 0; // a word of the language needs no quotes
    list_.add(parts, CompletionKind::source, {}, suffix);
    // Its columns: behind its name, or all of them within an aggregate.
    // Behind the name of key-value fields stand these instead.
    const bool fields = relation(standing.root).field >= 0 && finding_.spot != Spot::argument;
    const bool behind = list_.qualifier().size() >= parts.size() && !fields;
    if (finding_.spot == Spot::argument || behind) {
      parameters(standing, parts);
    }
    if (finding_.spot == Spot::argument && list_.qualifier().empty()) {
      columns(standing.root, parts, CompletionKind::column, true);
    } else if (behind) {
      row_names(standing.root, parts);
    }
  }

  void functions() {
    struct Function {
      std::string_view call;
      std::optional<ValueType> type; // nothing: that of the column
      bool ordered = false;          // the column holds numbers or dates
    };
    const std::array<Function, 11> calls = {{{"count(", ValueType::number},
                                             {"sum(", ValueType::number},
                                             {"avg(", ValueType::number},
                                             {"min(", std::nullopt, true},
                                             {"max(", std::nullopt, true},
                                             {"first(", std::nullopt},
                                             {"last(", std::nullopt},
                                             {"mode(", std::nullopt},
                                             {"list(", ValueType::text_list},
                                             {"age(", ValueType::number},
                                             {"anniversary(", ValueType::anniversary}}};
    for (const Function &function : calls) {
      if (function.type) {
        if (list_.fits(*function.type)) {
          // A list's elements are what its column holds.
          const bool list = *function.type == ValueType::text_list;
          list_.add_word(function.call, CompletionKind::function, list ? "" : type_words(*function.type));
        }
      } else if (list_.fits(ValueType::number) || list_.fits(ValueType::date) ||
                 (!function.ordered && list_.fits(ValueType::text))) {
        list_.add_word(function.call, CompletionKind::function, {});
      }
    }
  }

  /// Behind the dot of a jsonb value come its keys, and behind that of key-value fields theirs.
  std::optional<WantedValues> wanted_keys() const {
    if (list_.qualifier().empty()) {
      return std::nullopt;
    }
    for (std::size_t i = 1; i < schema_.relations.size() && !finding_.standing.in_row; ++i) {
      const Relation &fields = schema_.relations[i];
      if (fields.field >= 0 && finding_.spot != Spot::argument &&
          leading_parts(list_.qualifier(), fields.name) == list_.qualifier().size()) {
        return WantedValues{WantedValues::What::fields,
                            {static_cast<int>(i), fields.field, {}},
                            ValueType::json,
                            list_.typed()};
      }
    }
    Value value;
    value.name.parts = list_.qualifier();
    Standing standing = finding_.standing;
    if (!standing.in_row && finding_.spot == Spot::argument) {
      const SourceName source = find_source(schema_, reach_, list_.qualifier());
      if (source.relation < 0 || source.parts == list_.qualifier().size()) {
        return std::nullopt;
      }
      standing = {source.relation, true, source.defined};
      value.name.parts.erase(value.name.parts.begin(),
                             value.name.parts.begin() + static_cast<std::ptrdiff_t>(source.parts));
    }
    const std::optional<Described> described = describe_value(value, standing, meaning_);
    if (!described || described->type != ValueType::json || !described->column) {
      return std::nullopt;
    }
    return WantedValues{WantedValues::What::keys, *described->column, ValueType::json, list_.typed()};
  }

  const Finding &finding_;
  const Schema &schema_;
  const Reach &reach_;
  const Meaning &meaning_;
  const std::optional<Described> &left_;
  bool older_spelling_;
  NameList list_;
};

} // namespace

void add_names(Suggestions &out, const Finding &finding, std::string_view typed, bool quoted,
               const std::optional<Described> &left, bool older_spelling, const Meaning &meaning) {
  Names(finding, typed, quoted, left, older_spelling, meaning).fill(out);
}

} // namespace segmentation::core
