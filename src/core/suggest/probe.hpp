// Trying what may follow: a probe is written behind the clause at the cursor, and the parser says what it is
// there. So completion never disagrees with the grammar. Private to this folder.
#pragma once

#include "core/meaning/describe.hpp"
#include "core/rule/parser.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace segmentation::core {

/// What a probe turned out to be.
struct Finding {
  enum class Spot : std::uint8_t {
    left,     // a name that is tested
    right,    // a name that `test` compares with
    argument, // the name in the aggregate `value`
    date,     // the name in age or anniversary
    listed,   // a name of SHOW or ORDER BY
    constant, // a constant of `test`
    op,       // the operator of `test`
    filter,   // the MATCHES of the aggregate `value`
  };
  Spot spot = Spot::left;
  Standing standing;
  bool in_filter = false;     // in the MATCHES of an aggregate
  const Expr *test = nullptr; // points into `rule`
  const Value *value = nullptr;
  const Name *name = nullptr; // for names: the last part is the probe's
  std::shared_ptr<const Rule> rule;
};

/// Parses `head`, then `probe`, then `tail`; returns what stands where the probe begins, or nothing where
/// that is no rule.
std::optional<Finding> try_probe(std::string_view head, std::string_view probe, std::string_view tail,
                                 const Meaning &meaning, const Limits &limits);

/// True where the three together are a rule.
bool parses(std::string_view head, std::string_view probe, std::string_view tail, const Limits &limits);

} // namespace segmentation::core
